/** Where the provider sends the browser back to; it has to be registered there. */
export const OPENID_CALLBACK_PATH = "/console/api/openid/callback";
