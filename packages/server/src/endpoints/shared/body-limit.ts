/** The platform's limit for messages and count_tokens. */
export const MESSAGES_BODY_MAX_BYTES = 32 * 1024 * 1024;
