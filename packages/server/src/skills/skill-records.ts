/** What the API says of a skill, whoever wrote it. */
export interface SkillRecord {
  readonly id: string;
  readonly source: "custom" | "anthropic";
  readonly name: string;
  /** Null: the name stands in. */
  readonly displayName: string | null;
  /** Null: every version was deleted, which clients of the beta may do. */
  readonly latest: { readonly id: string; readonly version: string } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface SkillVersionRecord {
  readonly id: string;
  /** What clients of the beta name it by. */
  readonly version: string;
  readonly skillId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: Date;
}
