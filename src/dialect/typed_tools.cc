#include "dialect/typed_tools.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace penstock::dialect {

namespace {

struct Row {
  std::string_view prefix, description, schema;
};

constexpr std::string_view kBash = R"({"type":"object","properties":{"command":{"type":"string","description":"The command line to run"},)"
                                   R"("restart":{"type":"boolean","description":"true starts the shell anew instead"}}})";

constexpr std::string_view kTextEditor =
    R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},)"
    R"("path":{"type":"string","description":"Absolute path of a file or directory"},)"
    R"("view_range":{"type":"array","items":{"type":"integer"},"description":"For view: first and last line, from 1; -1 is the end"},)"
    R"("file_text":{"type":"string","description":"For create: the whole content"},)"
    R"("old_str":{"type":"string","description":"For str_replace: the text to replace, which must occur exactly once"},)"
    R"("new_str":{"type":"string","description":"For str_replace: the new text. For insert: the text to insert"},)"
    R"("insert_text":{"type":"string","description":"For insert: the text to insert"},)"
    R"("insert_line":{"type":"integer","description":"For insert: the line after which to insert; 0 is the beginning"}},)"
    R"("required":["command","path"]})";

constexpr std::string_view kMemory =
    R"({"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},)"
    R"("path":{"type":"string","description":"A path below /memories"},)"
    R"("view_range":{"type":"array","items":{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},)"
    R"("new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},)"
    R"("old_path":{"type":"string","description":"For rename"},"new_path":{"type":"string","description":"For rename"}},"required":["command"]})";

constexpr std::string_view kComputer =
    R"({"type":"object","properties":{"action":{"type":"string","enum":["key","type","mouse_move","left_click","left_click_drag","right_click",)"
    R"("middle_click","double_click","triple_click","left_mouse_down","left_mouse_up","scroll","hold_key","wait","screenshot","cursor_position"]},)"
    R"("coordinate":{"type":"array","items":{"type":"integer"},"description":"x and y in pixels"},)"
    R"("start_coordinate":{"type":"array","items":{"type":"integer"},"description":"Where a drag begins"},)"
    R"("text":{"type":"string","description":"What to type, or the keys to press"},"duration":{"type":"number","description":"Seconds"},)"
    R"("scroll_direction":{"type":"string","enum":["up","down","left","right"]},"scroll_amount":{"type":"integer"}},"required":["action"]})";

constexpr auto kRows = std::to_array<Row>({
    {"bash_2", "Runs a command in a shell that lives through the whole conversation, and returns its output.", kBash},
    {"text_editor_2", "Views, creates and edits text files.", kTextEditor},
    {"memory_2", "Keeps notes in files below /memories that later conversations can read.", kMemory},
    {"computer_2", "Uses the screen, mouse and keyboard of a computer. Take a screenshot to see the screen.", kComputer},
});

}  // namespace

std::optional<std::string> expand_typed_tool(std::string_view type, std::string_view name) {
  const auto row = std::ranges::find_if(kRows, [&](const Row& each) { return type.starts_with(each.prefix); });
  if (row == kRows.end() || name.empty()) return std::nullopt;
  std::string members = "\"name\":" + json_quote(name) + ",\"description\":" + json_quote(row->description) + ",\"input_schema\":";
  return members.append(row->schema);
}

}  // namespace penstock::dialect
