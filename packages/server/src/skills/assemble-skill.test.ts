import { describe, expect, test } from "vitest";
import { assembleSkill } from "./assemble-skill.ts";
import { readSkillMd } from "./read-skill-md.ts";

const md = (front: string) => Buffer.from(`---\n${front}\n---\n\n# Text\n`);
const file = (path: string, content: Buffer | string = "x") => ({ path, content: Buffer.from(content), isExecutable: false });
const GOOD = md("name: our-style\ndescription: Our style.");

describe("SKILL.md", () => {
  test.each([
    ["no front matter", Buffer.from("# Hi"), "SKILL.md must start with YAML front matter between lines of `---`"],
    ["front matter without an end", Buffer.from("---\nname: a"), "SKILL.md must start with YAML front matter between lines"],
    ["bytes that are no text", Buffer.from([0x2d, 0xff]), "SKILL.md is not valid UTF-8"],
    ["broken YAML", md("name: [a"), "SKILL.md: the front matter is not valid YAML"],
    ["a list", md("- name"), "SKILL.md: the front matter must be a YAML mapping"],
    ["aliases", md("a: &a [1]\nname: x\ndescription: [*a, *a]"), "SKILL.md: the front matter is not valid YAML"],
    ["capitals", md("name: Our-Style\ndescription: x"), "SKILL.md: name may have lowercase letters, digits and single hyphens"],
    ["a name of 65", md(`name: ${"a".repeat(65)}\ndescription: x`), "SKILL.md: name must have at most 64 characters"],
    ["a number", md("name: 5\ndescription: x"), "SKILL.md: name must be a text that is not empty"],
    ["a reserved word", md("name: my-claude\ndescription: x"), "SKILL.md: name must not contain the reserved word 'claude'"],
    ["no description", md("name: a"), "SKILL.md description is required in the YAML front matter"],
    ["an empty description", md('name: a\ndescription: "  "'), "SKILL.md description must be a text that is not empty"],
    ["1025 characters", md(`name: a\ndescription: ${"x".repeat(1025)}`), "must have at most 1024 characters, not 1025"],
    ["XML", md("name: a\ndescription: Use <b>this</b>"), "SKILL.md description cannot contain XML tags"],
  ])("%s is refused", (_what, content, message) => {
    expect(() => readSkillMd(content)).toThrow(message);
  });

  test("name and description are read, other keys are left to the model, and Windows' line ends do no harm", () => {
    const text = '---\r\nname: our-style\r\ndescription: "Compares a < b."\r\nlicense: MIT\r\n---\r\nText';
    expect(readSkillMd(Buffer.from(text))).toEqual({ name: "our-style", description: "Compares a < b." });
    expect(readSkillMd(md("description: x"))).toEqual({ name: null, description: "x" });
  });
});

describe("the files of a skill", () => {
  test("are kept below their folder, which is named like the skill or names it", () => {
    expect(assembleSkill([file("our-style/SKILL.md", GOOD), file("our-style/a/b.py")])).toMatchObject({
      name: "our-style",
      description: "Our style.",
      files: [{ path: "SKILL.md" }, { path: "a/b.py" }],
    });
    expect(assembleSkill([file("of-folder/SKILL.md", md("description: x"))]).name).toBe("of-folder");
  });

  test.each([
    ["SKILL.md without a folder", ["SKILL.md"], "SKILL.md file must be exactly in the top-level folder."],
    ["SKILL.md too deep", ["our-style/a/SKILL.md"], "SKILL.md file must be exactly in the top-level folder."],
    ["two folders", ["our-style/SKILL.md", "b/c"], "All files must be in the same top-level folder; there are 2."],
    ["another folder", ["skills/SKILL.md"], "The folder name 'skills' must match the skill name 'our-style' in SKILL.md."],
    ["a name twice", ["our-style/SKILL.md", "our-style/a", "our-style/a"], "the path 'our-style/a' is there twice"],
    ["one name in two spellings", ["our-style/SKILL.md", "our-style/\u00e9", "our-style/e\u0301"], "is there twice"],
    ["a file that is a folder", ["our-style/SKILL.md", "our-style/a", "our-style/a/b"], "'our-style/a' is a file and a folder"],
    ["a way out", ["our-style/SKILL.md", "our-style/../../etc/passwd"], "leads out of its folder"],
    ["an absolute path", ["/our-style/SKILL.md"], "is absolute"],
    ["a drive", ["C:/our-style/SKILL.md"], "is absolute"],
    ["a backslash", ["our-style\\SKILL.md"], "has a backslash"],
    ["a control character", ["our-style/SKILL.md", "our-style/a\u0000b"], "has control characters"],
    ["an empty part", ["our-style/SKILL.md", "our-style//b"], "has an empty part"],
    ["a name of 256 bytes", ["our-style/SKILL.md", `our-style/${"é".repeat(128)}`], "has a name of more than 255 bytes"],
  ])("%s is refused", { tags: "attack-skills" }, (_what, paths, message) => {
    expect(() => assembleSkill(paths.map((path) => file(path, GOOD)))).toThrow(message);
  });
});
