export const text = {
  unreachable: "The server cannot be reached. Check that Parley is running and that you are online, then try again.",
  unexpectedReply:
    "The server sent something that this page does not understand. Reload the page; it may be older than the server.",
  streamCut: "The connection was cut before the reply was complete.",
};
