export const text = {
  title: "Audit log",
  about:
    "Everything that was done to this organization. Each entry covers the one before it, so that none can be changed unseen.",
  list: "Audit log",
  time: "Time",
  who: "Who",
  what: "What",
  target: "On",
  details: "Details",
  before: "Before",
  after: "After",
  request: "Request",
  show: "Show",
  detailsTitle: (sequence: number) => `Entry ${sequence}`,
  actors: { system: "Parley", cli: "Command line", admin_api_key: "Admin key", api_key: "API key", user: "Member" } as Readonly<
    Record<string, string>
  >,
};
