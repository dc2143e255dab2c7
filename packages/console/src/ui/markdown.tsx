import { lexer, type Token, type Tokens } from "marked";
import { Fragment, memo, type ReactNode, useMemo, useState } from "react";
import { CodeBlock } from "./code-block.tsx";
import { text as uiText } from "./markdown-text.ts";
import { PlainText } from "./plain-text.tsx";

/** Beyond this a text is shown as it is: nobody reads it as Markdown, and taking it apart at every token would be slow. */
const LENGTH_MAX = 100_000;
const SAFE_LINK = /^(?:https?:|mailto:)/i;

/**
 * What a model wrote. It is taken apart into tokens, and every token becomes a React element: no HTML of the text ever
 * becomes HTML of the page, no picture is loaded, and links go to the web or to mail only.
 */
export function Markdown({ source, isGrowing = false }: { readonly source: string; readonly isGrowing?: boolean }) {
  const [growing] = useState(createGrowingLexer);
  const tokens = useMemo(() => {
    if (source.length > LENGTH_MAX) return null;
    return isGrowing ? growing.lex(source) : lexer(source);
  }, [source, isGrowing, growing]);
  if (tokens === null) return <PlainText source={source} />;
  return (
    <div dir="auto" className="prose-reply">
      {tokens.map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </div>
  );
}

/** What is written may still change the block at the end, and those before it: a line below a paragraph makes it a heading. */
const OPEN_BLOCKS = 3;

/**
 * Takes a text apart that grows. Blocks that are closed are not taken apart again: a long reply would cost more with every word.
 * Only links that are defined further down are missed, until the text is whole.
 */
function createGrowingLexer(): { lex(source: string): readonly Token[] } {
  let before = "";
  let tokens: readonly Token[] = [];
  return {
    lex(source) {
      if (source === before) return tokens;
      const closed = source.startsWith(before) ? tokens.slice(0, -OPEN_BLOCKS) : [];
      const at = closed.reduce((length, token) => length + token.raw.length, 0);
      tokens = [...closed, ...lexer(source.slice(at))];
      before = source;
      return tokens;
    },
  };
}

/** A block that did not change is not drawn again while the reply grows. */
const Block = memo(
  function Block({ token }: { readonly token: Token }) {
    return renderBlock(token);
  },
  (before, after) => before.token.raw === after.token.raw && before.token.type === after.token.type,
);

function renderBlock(token: Token): ReactNode {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading": {
      const { depth, tokens } = token as Tokens.Heading;
      // The page has its own h1 and h2.
      const Tag = depth <= 1 ? "h3" : "h4";
      return <Tag>{renderInline(tokens)}</Tag>;
    }
    case "code": {
      const { text, lang } = token as Tokens.Code;
      return <CodeBlock code={text} label={lang || uiText.code} />;
    }
    case "blockquote":
      return <blockquote>{renderBlocks((token as Tokens.Blockquote).tokens)}</blockquote>;
    case "hr":
      return <hr />;
    case "list": {
      const { ordered, start, items } = token as Tokens.List;
      const entries = items.map((item, index) => <li key={index}>{renderBlocks(item.tokens)}</li>);
      return ordered ? <ol start={typeof start === "number" ? start : 1}>{entries}</ol> : <ul>{entries}</ul>;
    }
    case "table":
      return renderTable(token as Tokens.Table);
    case "paragraph":
      return <p>{renderInline((token as Tokens.Paragraph).tokens)}</p>;
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return <>{tokens ? renderInline(tokens) : text}</>;
    }
    default:
      // HTML among others: shown as what it is.
      return <p className="whitespace-pre-wrap">{token.raw}</p>;
  }
}

function renderBlocks(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{renderBlock(token)}</Fragment>);
}

function renderTable({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table tabIndex={0}>
      <thead>
        <tr>
          {header.map((cell, index) => (
            <th key={index}>{renderInline(cell.tokens)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <tr key={index}>
            {row.map((cell, column) => (
              <td key={column}>{renderInline(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function renderInline(tokens: readonly Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{renderSpan(token)}</Fragment>);
}

function renderSpan(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{renderInline((token as Tokens.Strong).tokens)}</strong>;
    case "em":
      return <em>{renderInline((token as Tokens.Em).tokens)}</em>;
    case "del":
      return <del>{renderInline((token as Tokens.Del).tokens)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "escape":
      return (token as Tokens.Escape).text;
    case "text": {
      const { tokens, text } = token as Tokens.Text;
      return tokens ? renderInline(tokens) : text;
    }
    case "link": {
      const { href, tokens } = token as Tokens.Link;
      if (!SAFE_LINK.test(href)) return <>{renderInline(tokens)}</>;
      return (
        <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
          {renderInline(tokens)}
        </a>
      );
    }
    default:
      // Pictures and HTML among others: shown as what was written.
      return token.raw;
  }
}
