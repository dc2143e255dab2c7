import { createMediaReader, MediaUnreachable } from "../read-media.ts";
import { createTurnTaker } from "../../platform/take-turns.ts";
import { readImagePlaces, readImageText } from "../read-image-text.ts";

/** Reads documents and pictures for real, but fetches nothing. */
export const localMedia = createMediaReader({
  fetchMedia: async () => {
    throw new MediaUnreachable("there is no network here");
  },
  readImageText,
  readImagePlaces,
  turns: createTurnTaker(2),
});
