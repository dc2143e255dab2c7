import { useWorkspaces } from "../api/workspaces.ts";
import { SelectField } from "../ui/field.tsx";
import { text } from "./text.ts";

/** Which workspace something is about. Nothing where there is one: there is no choice. */
export function WorkspaceField({
  value,
  onChange,
  every = false,
  isForModels = false,
  isLabelHidden = false,
  className,
}: {
  /** Null: all of them, or none is chosen yet. */
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  /** All of them may be chosen together. */
  readonly every?: boolean;
  /** Only those in which the person may use models. */
  readonly isForModels?: boolean;
  readonly isLabelHidden?: boolean;
  readonly className?: string;
}) {
  const workspaces = useWorkspaces().filter((each) => !isForModels || each.may_use_models);
  if (workspaces.length < 2) return null;
  return (
    <SelectField
      label={text.workspace}
      isLabelHidden={isLabelHidden}
      className={className}
      choices={[
        ...(every ? [{ value: "", label: text.allWorkspaces }] : []),
        ...workspaces.map(({ id, name }) => ({ value: id, label: name })),
      ]}
      value={value ?? ""}
      onChange={(event) => onChange(event.target.value === "" ? null : event.target.value)}
    />
  );
}
