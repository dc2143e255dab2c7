import { once } from "node:events";
import type { Client, Connection, Submittable } from "pg";

/** The parts of pg's connection that COPY needs, which its types leave out. */
interface CopyConnection {
  readonly stream: NodeJS.EventEmitter & { pause(): void; resume(): void; readonly writableNeedDrain?: boolean };
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** What pg calls while a statement is under way. */
abstract class CopyStatement implements Submittable {
  readonly #statement: string;
  readonly done = Promise.withResolvers<number>();
  protected connection: CopyConnection | null = null;
  #rows = 0;
  #error: unknown = null;

  constructor(statement: string) {
    this.#statement = statement;
    // Whoever stops listening half-way has thrown already.
    this.done.promise.catch(() => {});
  }

  submit(connection: Connection): void {
    this.connection = connection as unknown as CopyConnection;
    this.connection.query(this.#statement);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(text.split(" ")[1] ?? 0);
  }

  handleError(error: unknown): void {
    this.#error = error;
    // Where the connection itself broke, nothing more will come.
    if (!(error instanceof Error && "severity" in error)) this.finish();
  }

  handleReadyForQuery(): void {
    this.finish();
  }

  protected finish(): void {
    if (this.#error === null) this.done.resolve(this.#rows);
    else this.done.reject(this.#error);
  }

  abstract handleCopyInResponse(connection: unknown): void;
  abstract handleCopyData(message: { readonly chunk: Buffer }): void;
}

const BUFFERED_MAX_BYTES = 1 << 20;

class CopyOut extends CopyStatement {
  readonly #chunks: Buffer[] = [];
  #buffered = 0;
  #wake: (() => void) | null = null;
  #ended = false;

  handleCopyInResponse(): void {}

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // pg re-uses its buffer for what comes next.
    this.#chunks.push(Buffer.from(chunk));
    this.#buffered += chunk.length;
    if (this.#buffered > BUFFERED_MAX_BYTES) this.connection?.stream.pause();
    this.#wake?.();
  }

  protected override finish(): void {
    this.#ended = true;
    super.finish();
    this.#wake?.();
  }

  async *read(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      if (this.#chunks.length > 0) {
        const chunks = this.#chunks.splice(0);
        this.#buffered = 0;
        this.connection?.stream.resume();
        yield Buffer.concat(chunks);
      } else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

class CopyIn extends CopyStatement {
  readonly ready = Promise.withResolvers<CopyConnection>();

  handleCopyInResponse(): void {
    if (this.connection) this.ready.resolve(this.connection);
  }

  handleCopyData(): void {}

  override handleError(failure: unknown): void {
    this.ready.reject(failure);
    super.handleError(failure);
  }
}

/** The text of `COPY … TO STDOUT` as it comes; returns the number of rows. */
export async function* copyOut(client: Client, statement: string): AsyncGenerator<Buffer, number, void> {
  const copy = client.query(new CopyOut(statement));
  yield* copy.read();
  return copy.done.promise;
}

/** Feeds `COPY … FROM STDIN`; resolves with the number of rows. What `content` throws refuses the whole statement. */
export async function copyIn(client: Client, statement: string, content: AsyncIterable<Uint8Array>): Promise<number> {
  const copy = client.query(new CopyIn(statement));
  const connection = await copy.ready.promise;
  try {
    for await (const chunk of content) {
      connection.sendCopyFromChunk(chunk);
      if (connection.stream.writableNeedDrain) await Promise.race([once(connection.stream, "drain"), copy.done.promise]);
    }
  } catch (error) {
    connection.sendCopyFail("the backup could not be read on");
    await copy.done.promise.catch(() => {});
    throw error;
  }
  connection.endCopyFrom();
  return copy.done.promise;
}
