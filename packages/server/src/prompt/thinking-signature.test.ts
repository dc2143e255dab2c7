import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createThinkingSigner } from "./thinking-signature.ts";

const signer = createThinkingSigner(Buffer.alloc(32, 7));

describe("thinking signatures", () => {
  test("a signature verifies its own text in its own workspace only", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary", minLength: 1 }),
        fc.string(),
        (thinking, other, workspace) => {
          const signature = signer.sign(workspace, thinking);
          expect(signer.verify(workspace, thinking, signature)).toBe(true);
          expect(signer.verify(`${workspace}x`, thinking, signature)).toBe(false);
          expect(signer.verify(workspace, `${thinking}${other}`, signature)).toBe(false);
          expect(signer.reveal(workspace, signature)).toBe(thinking);
        },
      ),
    );
  }, 60_000);

  test("an omitted text, sent back as the empty string, verifies and is revealed", () => {
    const signature = signer.sign("w", "hidden");
    expect(signer.verify("w", "", signature)).toBe(true);
    expect(signer.reveal("w", signature)).toBe("hidden");
    expect(Buffer.from(signature, "base64").toString("latin1")).not.toContain("hidden");
  });

  test("any changed character makes it invalid", () => {
    const signature = signer.sign("w", "some thinking");
    for (let at = 0; at < signature.length; at += 1) {
      const changed = signature.slice(0, at) + (signature[at] === "A" ? "B" : "A") + signature.slice(at + 1);
      expect(signer.verify("w", "some thinking", changed), `character ${at}`).toBe(false);
    }
  }, 60_000);

  test("what is no signature is refused and never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (junk) => !signer.verify("w", "", junk)));
    expect(signer.verify("w", "", "")).toBe(false);
    expect(signer.verify("w", "x", `${signer.sign("w", "x")} `)).toBe(false);
  });

  test("another key's signature is refused, and a restart with the same key is not", () => {
    const signature = signer.sign("w", "x");
    expect(createThinkingSigner(Buffer.alloc(32, 8)).verify("w", "x", signature)).toBe(false);
    expect(createThinkingSigner(Buffer.alloc(32, 7)).verify("w", "x", signature)).toBe(true);
  });

  test("a short key is refused", () => expect(() => createThinkingSigner(Buffer.alloc(16))).toThrow(RangeError));
});
