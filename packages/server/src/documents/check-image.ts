import { imageSize } from "image-size";

/** The platform's figures (surface.md E). */
const IMAGE_MAX_BYTES = 5 * 1024 * 1024;
const SIDE_MAX_PIXELS = 8_000;
const MANY_IMAGES = 20;
const MANY_IMAGES_SIDE_MAX_PIXELS = 2_000;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

export interface ImageProblem {
  /** Whether the data or the whole source is meant. */
  readonly field: "data" | null;
  readonly text: string;
}

/** What the platform refuses of a picture, before anything of it is decoded. `mediaType`: null takes any that models read. */
export function findImageProblem(bytes: Uint8Array, mediaType: string | null, imagesInRequest: number): ImageProblem | null {
  if (bytes.length > IMAGE_MAX_BYTES) {
    return { field: null, text: `image exceeds 5 MB maximum: ${bytes.length} bytes > ${IMAGE_MAX_BYTES} bytes` };
  }
  const size = measureImage(bytes);
  if (size === null) return { field: "data", text: "Could not process image" };
  if (mediaType !== null && size.mediaType !== mediaType) {
    return {
      field: null,
      text: `The image was specified using the ${mediaType} media type, but the image appears to be a ${size.mediaType} image`,
    };
  }
  const side = Math.max(size.width, size.height);
  if (side > SIDE_MAX_PIXELS) {
    return { field: "data", text: `At least one of the image dimensions exceed max allowed size: ${SIDE_MAX_PIXELS} pixels` };
  }
  if (imagesInRequest > MANY_IMAGES && side > MANY_IMAGES_SIDE_MAX_PIXELS) {
    return {
      field: "data",
      text: `At least one of the image dimensions exceed max allowed size for many-image requests: ${MANY_IMAGES_SIDE_MAX_PIXELS} pixels`,
    };
  }
  return null;
}

export function measureImage(
  bytes: Uint8Array,
): { readonly width: number; readonly height: number; readonly mediaType: string } | null {
  try {
    const { width, height, type } = imageSize(bytes);
    const mediaType = MEDIA_TYPES[type ?? ""];
    return mediaType === undefined || width === 0 || height === 0 ? null : { width, height, mediaType };
  } catch {
    return null;
  }
}
