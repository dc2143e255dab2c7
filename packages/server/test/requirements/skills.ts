import { provedBy, type Requirement } from "./requirement.ts";

export const skillsRequirements: readonly Requirement[] = [
  ...provedBy("server/test/skills/skills.db.test.ts", [
    [
      "skills:sdk",
      "surface F",
      "The official SDK makes skills, gives them versions, downloads and deletes them.",
      "a skill is made from its files, gets versions, is read back as a zip archive, and goes with all of them",
    ],
    [
      "skills:zip",
      "surface F",
      "One zip archive makes the skill that its files would make.",
      "a zip archive makes the same skill, and a skill without a label is called by its name",
    ],
    [
      "skills:pages",
      "surface F",
      "Skills are listed by cursor and filtered by source.",
      "a list pages over the workspace's skills, newest first, then Parley's, and is filtered by source",
    ],
    [
      "skills:legacy",
      "surface 0",
      "Clients of the beta get the legacy shapes and rules.",
      "a client of the beta gets the shapes and the rules from before general availability",
    ],
    [
      "skills:isolation",
      "10",
      "Another workspace's skill answers like one that never was.",
      "another workspace's skill answers like one that never was",
    ],
    [
      "skills:built-in",
      "10",
      "No workspace changes the skills that come with Parley.",
      "Parley's own skills are read and not changed",
    ],
    [
      "skills:at-once",
      "9",
      "Versions that are made at once are all kept, and one of them is the newest.",
      "a version takes its place in time also when two are made at once, and the newest is the last",
    ],
    [
      "skills:orphans",
      "surface F",
      "Archives that no version names are removed.",
      "archives that no version names go after a day, those that one names stay",
    ],
  ]),
  ...provedBy("server/src/tools/code-execution/skills-in-container.db.test.ts", [
    [
      "skills:disclosure",
      "surface B",
      "The model is told a skill's name and description, and reads the rest by code.",
      "the model is told names and descriptions only, behind the request's own system",
    ],
    [
      "skills:container",
      "11",
      "Programs read the files of the skills of their request, and change none.",
      "programs read a skill's files and run them, change nothing, and see no other skill",
    ],
    [
      "skills:container:isolation",
      "10",
      "A request cannot use another workspace's skill.",
      "another workspace's skill is refused like one that never was",
    ],
    [
      "skills:container:versions",
      "surface B",
      "A request pins a version of a skill, or uses the newest.",
      "the newest version counts unless one is named, a container may go on with others, and deleted ones leave the disk",
    ],
  ]),
  ...provedBy("server/test/e2e/document-skills.e2e.test.ts", [
    [
      "skills:xlsx",
      "surface F",
      "The skill for Excel makes a workbook that opens.",
      "xlsx makes a workbook with formulas and a chart, which opens and reads back",
    ],
    [
      "skills:docx",
      "surface F",
      "The skill for Word makes a document that opens.",
      "docx makes a document with lists, a table and a picture, which opens and reads back",
    ],
    [
      "skills:pptx",
      "surface F",
      "The skill for PowerPoint makes slides that open.",
      "pptx makes slides with bullets, a table, a picture and notes, which open and read back",
    ],
    [
      "skills:pdf",
      "surface F",
      "The skill for PDF makes pages that open.",
      "pdf makes pages that open, and merges, splits and rotates them",
    ],
  ]),
  ...provedBy("server/src/skills/read-zip.test.ts", [
    ["skills:hostile-zip", "11", "A hostile archive is refused before it can do anything.", "%s is refused"],
  ]),
];
