import type { ConsoleAbility, ConsoleSession } from "@parley/wire";
import {
  Activity,
  Boxes,
  ChartNoAxesColumn,
  CircleDollarSign,
  Files,
  FlaskConical,
  Gauge,
  KeyRound,
  Layers,
  LayoutGrid,
  type LucideIcon,
  Puzzle,
  ReceiptText,
  Rocket,
  ScrollText,
  Settings,
  Users,
} from "lucide-react";
import { text } from "./text.ts";
import { may } from "./use-session.ts";

type Path = keyof typeof text.destinations;

export interface Destination {
  readonly path: Path;
  readonly label: string;
  readonly icon: LucideIcon;
  /** Words that also lead here in the command menu. */
  readonly words: string;
  /** Null: everybody's. */
  readonly needs: ConsoleAbility | null;
}

export interface DestinationGroup {
  readonly label: string;
  readonly destinations: readonly Destination[];
}

const destination = (path: Path, icon: LucideIcon, needs: ConsoleAbility | null): Destination => ({
  path,
  icon,
  needs,
  ...text.destinations[path],
});

/** Every page that the navigation and the command menu lead to. */
export const DESTINATION_GROUPS: readonly DestinationGroup[] = [
  {
    label: text.groups.build,
    destinations: [
      destination("/", Rocket, null),
      destination("/workbench", FlaskConical, "use_models"),
      destination("/models", Boxes, null),
      destination("/batches", Layers, "use_models"),
      destination("/files", Files, "use_models"),
      destination("/skills", Puzzle, "use_models"),
    ],
  },
  {
    label: text.groups.observe,
    destinations: [
      destination("/usage", ChartNoAxesColumn, "see_billing"),
      destination("/cost", CircleDollarSign, "see_billing"),
      destination("/requests", Activity, "administer"),
    ],
  },
  {
    label: text.groups.manage,
    destinations: [
      destination("/api-keys", KeyRound, "administer"),
      destination("/limits", Gauge, null),
      destination("/billing", ReceiptText, "see_billing"),
      destination("/workspaces", LayoutGrid, "administer"),
      destination("/members", Users, "administer"),
      destination("/audit-log", ScrollText, "administer"),
      destination("/settings", Settings, "administer"),
    ],
  },
];

export const isShown = ({ needs }: Destination, session: ConsoleSession): boolean => needs === null || may(session, needs);
