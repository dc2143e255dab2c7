import { Button } from "./button.tsx";
import { text } from "./text.ts";

/** The way to what comes behind the rows of a list; nothing where that is all of them. */
export function LoadMore({
  list: { hasNextPage, isFetchingNextPage, fetchNextPage },
}: {
  readonly list: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
}) {
  if (!hasNextPage) return null;
  return (
    <div className="mt-4 grid justify-items-center">
      <Button isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
        {text.loadMore}
      </Button>
    </div>
  );
}
