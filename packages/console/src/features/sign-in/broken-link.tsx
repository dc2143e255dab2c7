import { Link } from "@tanstack/react-router";
import { buttonClass } from "../../ui/button.tsx";
import { classNames } from "../../ui/class-names.ts";
import { EntryPage } from "./entry-page.tsx";
import { text } from "./text.ts";

export function BrokenLink() {
  return (
    <EntryPage title={text.brokenLinkTitle} about={text.brokenLink}>
      <Link to="/sign-in" className={classNames(buttonClass("secondary", "large"), "w-full")}>
        {text.goToSignIn}
      </Link>
    </EntryPage>
  );
}
