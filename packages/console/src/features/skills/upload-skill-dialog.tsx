import type { Skill } from "@parley/wire";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileArchive, FolderOpen } from "lucide-react";
import { useRef, useState } from "react";
import { createSkill, createSkillVersion, SKILLS } from "../../api/skills.ts";
import { formatBytes, formatWhole } from "../../format/format.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { useToast } from "../../ui/toasts.tsx";
import { type ChosenSkill, toChosenSkill } from "./skill-files.ts";
import { text } from "./text.ts";

const LABEL_MAX = 255;

/** A new skill, or with `skill` a new version of it. What a skill may hold the server says. */
export function UploadSkillDialog({
  skill,
  workspaceId,
  onClose,
}: {
  readonly skill: Skill | null;
  readonly workspaceId: string | null;
  readonly onClose: () => void;
}) {
  const [chosen, setChosen] = useState<ChosenSkill | null>(null);
  const [label, setLabel] = useState("");
  const folder = useRef<HTMLInputElement>(null);
  const archive = useRef<HTMLInputElement>(null);
  const queryClient = useQueryClient();
  const toast = useToast();
  const upload = useMutation({
    mutationFn: async ({ files }: ChosenSkill): Promise<string> => {
      if (skill === null) return text.uploaded((await createSkill(files, label.trim(), workspaceId)).display_name);
      await createSkillVersion(skill.id, files, workspaceId);
      return text.versionUploaded;
    },
    onSuccess: (said) => {
      toast(said);
      onClose();
      void queryClient.invalidateQueries({ queryKey: SKILLS });
    },
  });

  return (
    <FormDialog
      title={skill === null ? text.uploadTitle : text.newVersionTitle(skill.display_name)}
      description={skill === null ? text.uploadAbout : text.newVersionAbout}
      action={text.uploadAction}
      isBusy={upload.isPending}
      isBlocked={chosen === null}
      error={upload.error}
      onClose={onClose}
      onSubmit={() => chosen && upload.mutate(chosen)}
    >
      <input
        ref={(input) => {
          folder.current = input;
          if (input) input.webkitdirectory = true;
        }}
        type="file"
        hidden
        aria-label={text.folderLabel}
        onChange={(event) => setChosen(toChosenSkill(event.target.files))}
      />
      <input
        ref={archive}
        type="file"
        accept=".zip,.skill,application/zip"
        hidden
        aria-label={text.zipLabel}
        onChange={(event) => setChosen(toChosenSkill(event.target.files))}
      />
      <div className="grid gap-2">
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => folder.current?.click()}>
            <FolderOpen size={15} aria-hidden />
            {text.chooseFolder}
          </Button>
          <Button onClick={() => archive.current?.click()}>
            <FileArchive size={15} aria-hidden />
            {text.chooseZip}
          </Button>
        </div>
        <p role="status" className="wrap-anywhere text-muted">
          {chosen
            ? text.chosen(
                chosen.name,
                text.files(chosen.files.length, formatWhole(chosen.files.length)),
                formatBytes(chosen.bytes),
              )
            : text.nothingChosen}
        </p>
      </div>
      {skill === null && (
        <TextField
          label={text.displayName}
          hint={text.displayNameHint}
          maxLength={LABEL_MAX}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
      )}
    </FormDialog>
  );
}
