/** Reads one edit from its input and prints one answer, at most as much as the sandbox keeps of what a program prints. */
export const EDITOR_PROGRAM = `
import json, os, sys

SHOWN = 9000

class Refused(Exception):
    def __init__(self, message, code="invalid_tool_input"):
        super().__init__(message)
        self.code = code

def read(path):
    if not os.path.exists(path):
        raise Refused("There is no file at " + path + ".", "file_not_found")
    if not os.path.isfile(path):
        raise Refused("At " + path + " is no plain file.")
    with open(path, "rb") as file:
        data = file.read(4 * 1024 * 1024 + 1)
    if len(data) > 4 * 1024 * 1024:
        raise Refused("The file is larger than 4 MB: use the shell for it.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text.")

def view(path, edit):
    if os.path.isdir(path):
        names = sorted(os.listdir(path))
        lines = [name + ("/" if os.path.isdir(os.path.join(path, name)) else "") for name in names]
    else:
        lines = read(path).splitlines()
    first, last = 1, len(lines)
    if edit.get("view_range"):
        first, last = edit["view_range"]
        last = len(lines) if last == -1 else last
        if first < 1 or last < first or first > max(1, len(lines)):
            raise Refused("view_range must lie within the %d lines of the file." % len(lines))
    shown, size = [], 0
    for line in lines[first - 1:last]:
        size += len(line) + 1
        if size > SHOWN and shown:
            break
        shown.append(line[:SHOWN])
    return {"type": "view", "content": "\\n".join(shown), "num_lines": len(shown), "start_line": first, "total_lines": len(lines)}

def create(path, edit):
    if edit.get("file_text") is None:
        raise Refused("file_text is missing.")
    if os.path.isdir(path):
        raise Refused("At " + path + " is a folder.")
    existed = os.path.lexists(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(edit["file_text"])
    return {"type": "create", "is_file_update": existed}

def str_replace(path, edit):
    old, new = edit.get("old_str"), edit.get("new_str") or ""
    if not old:
        raise Refused("old_str is missing.")
    text = read(path)
    count = text.count(old)
    if count != 1:
        raise Refused("old_str must stand in the file exactly once; it stands there %d times." % count)
    at = text.index(old)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text[:at] + new + text[at + len(old):])
    start = text.count("\\n", 0, at) + 1
    line_start = text.rfind("\\n", 0, at) + 1
    line_end = text.find("\\n", at + len(old))
    line_end = len(text) if line_end < 0 else line_end
    before = text[line_start:line_end].split("\\n")
    after = (text[line_start:at] + new + text[at + len(old):line_end]).split("\\n")
    lines = (["-" + line for line in before] + ["+" + line for line in after])
    kept, size = [], 0
    for line in lines:
        size += len(line) + 1
        if size > SHOWN:
            break
        kept.append(line)
    return {"type": "str_replace", "lines": kept, "old_start": start, "old_lines": len(before), "new_start": start, "new_lines": len(after)}

edit = json.load(sys.stdin)
path = os.path.join(sys.argv[1], edit["path"])
try:
    answer = {"view": view, "create": create, "str_replace": str_replace}[edit["command"]](path, edit)
except Refused as refused:
    answer = {"type": "error", "error_code": refused.code, "error_message": str(refused)}
except OSError as error:
    answer = {"type": "error", "error_code": "invalid_tool_input", "error_message": error.strerror or "The file cannot be used."}
except ValueError:
    answer = {"type": "error", "error_code": "invalid_tool_input", "error_message": "The path is not valid."}
print(json.dumps(answer, ensure_ascii=False))
`;
