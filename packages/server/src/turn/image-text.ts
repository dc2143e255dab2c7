/** A picture as a model reads it that sees none; it is told so, and does not take the words for the user's. */
export function imageText(ocrText: string): string {
  const text = ocrText === "" ? "(No text was found in this image.)" : ocrText;
  return `<image>\nText in this image, read by OCR; you cannot see the image itself:\n${text}\n</image>`;
}
