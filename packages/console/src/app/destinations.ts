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

export interface Destination {
  readonly path:
    | "/"
    | "/workbench"
    | "/models"
    | "/batches"
    | "/files"
    | "/skills"
    | "/usage"
    | "/cost"
    | "/requests"
    | "/api-keys"
    | "/limits"
    | "/billing"
    | "/workspaces"
    | "/members"
    | "/audit-log"
    | "/settings";
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

/** Every page that the navigation and the command menu lead to. */
export const DESTINATION_GROUPS: readonly DestinationGroup[] = [
  {
    label: text.groups.build,
    destinations: [
      { path: "/", label: "Start", icon: Rocket, words: "home begin connect quick", needs: null },
      {
        path: "/workbench",
        label: "Workbench",
        icon: FlaskConical,
        words: "chat prompt playground try",
        needs: "use_models",
      },
      { path: "/models", label: "Models", icon: Boxes, words: "weights capabilities context", needs: null },
      { path: "/batches", label: "Batches", icon: Layers, words: "bulk results queue", needs: "use_models" },
      { path: "/files", label: "Files", icon: Files, words: "upload document pdf image", needs: "use_models" },
      { path: "/skills", label: "Skills", icon: Puzzle, words: "folder upload xlsx docx pptx pdf", needs: "use_models" },
    ],
  },
  {
    label: text.groups.observe,
    destinations: [
      { path: "/usage", label: "Usage", icon: ChartNoAxesColumn, words: "tokens chart cache report", needs: "see_billing" },
      { path: "/cost", label: "Cost", icon: CircleDollarSign, words: "money price spend report", needs: "see_billing" },
      { path: "/requests", label: "Requests", icon: Activity, words: "log latency waterfall error", needs: "administer" },
    ],
  },
  {
    label: text.groups.manage,
    destinations: [
      { path: "/api-keys", label: "API keys", icon: KeyRound, words: "secret token create", needs: "administer" },
      { path: "/limits", label: "Limits", icon: Gauge, words: "rate tier spend budget increase", needs: null },
      { path: "/billing", label: "Billing", icon: ReceiptText, words: "credits statement invoice", needs: "see_billing" },
      { path: "/workspaces", label: "Workspaces", icon: LayoutGrid, words: "team project", needs: "administer" },
      { path: "/members", label: "Members", icon: Users, words: "people invite role user", needs: "administer" },
      { path: "/audit-log", label: "Audit log", icon: ScrollText, words: "history events who", needs: "administer" },
      {
        path: "/settings",
        label: "Settings",
        icon: Settings,
        words: "retention residency privacy openid sso",
        needs: "administer",
      },
    ],
  },
];

export const isShown = ({ needs }: Destination, session: ConsoleSession): boolean => needs === null || may(session, needs);
