/** What became of a turn whose client left before its end; beside the wire's types of errors, which clients never see it among. */
export const CLIENT_CLOSED = "client_closed";
