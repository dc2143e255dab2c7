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
  ReceiptText,
  Rocket,
  ScrollText,
  Settings,
  Users,
} from "lucide-react";
import { text } from "./text.ts";

export interface Destination {
  readonly path:
    | "/"
    | "/workbench"
    | "/models"
    | "/batches"
    | "/files"
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
  readonly needsAdministrator: boolean;
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
      { path: "/", label: "Start", icon: Rocket, words: "home begin connect quick", needsAdministrator: false },
      {
        path: "/workbench",
        label: "Workbench",
        icon: FlaskConical,
        words: "chat prompt playground try",
        needsAdministrator: false,
      },
      { path: "/models", label: "Models", icon: Boxes, words: "weights capabilities context", needsAdministrator: false },
      { path: "/batches", label: "Batches", icon: Layers, words: "bulk results queue", needsAdministrator: false },
      { path: "/files", label: "Files", icon: Files, words: "upload document pdf image", needsAdministrator: false },
    ],
  },
  {
    label: text.groups.observe,
    destinations: [
      { path: "/usage", label: "Usage", icon: ChartNoAxesColumn, words: "tokens chart cache report", needsAdministrator: true },
      { path: "/cost", label: "Cost", icon: CircleDollarSign, words: "money price spend report", needsAdministrator: true },
      { path: "/requests", label: "Requests", icon: Activity, words: "log latency waterfall error", needsAdministrator: true },
    ],
  },
  {
    label: text.groups.manage,
    destinations: [
      { path: "/api-keys", label: "API keys", icon: KeyRound, words: "secret token create", needsAdministrator: true },
      { path: "/limits", label: "Limits", icon: Gauge, words: "rate tier spend budget increase", needsAdministrator: false },
      { path: "/billing", label: "Billing", icon: ReceiptText, words: "credits statement invoice", needsAdministrator: true },
      { path: "/workspaces", label: "Workspaces", icon: LayoutGrid, words: "team project", needsAdministrator: true },
      { path: "/members", label: "Members", icon: Users, words: "people invite role user", needsAdministrator: true },
      { path: "/audit-log", label: "Audit log", icon: ScrollText, words: "history events who", needsAdministrator: true },
      {
        path: "/settings",
        label: "Settings",
        icon: Settings,
        words: "retention residency privacy openid sso",
        needsAdministrator: true,
      },
    ],
  },
];
