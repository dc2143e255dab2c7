import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonClass } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { text } from "./text.ts";

export function NotFound() {
  return (
    <EmptyState
      icon={Compass}
      title={text.notFoundTitle}
      action={
        <Link to="/" className={buttonClass("primary")}>
          {text.goToStart}
        </Link>
      }
    >
      {text.notFound}
    </EmptyState>
  );
}
