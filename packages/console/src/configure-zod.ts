import { config } from "zod";

// Before the first schema is made: by default zod makes code from text, which the page's policy forbids.
config({ jitless: true });
