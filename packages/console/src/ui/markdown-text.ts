export const text = { code: "Code" };
