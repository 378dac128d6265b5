// Framing cases: bytes as a peer may send them, and what has to come of them. The format, line by line:
//
//   # a comment; empty lines count for nothing
//   case NAME                    begins a case; names are unique
//   why TEXT                     the rule or the finding behind it
//   send BYTES                   may be repeated; the bytes are put together with nothing between them
//   accept METHOD TARGET open    a request that is understood (in a file of responses: accept STATUS open); its connection stays `open` or
//                                is to `close`; several follow each other when they are pipelined
//   body BYTES                   the decoded body of the accept before it; none means an empty one
//   refuse STATUS                what comes next is refused with that status (in a file of responses: refuse)
//   more                         what comes next is no whole message yet
//
// BYTES know the escapes \r \n \t \\ \xNN, and \*N(BYTES) for N repetitions; a space at the end of a line is written \x20.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace penstock::tests {

/// A message that has to be understood.
struct FramedMessage {
  std::string method, target;  // of a request
  int status = 0;              // of a response
  std::string body;            // decoded
  bool keep_alive = true;
  bool operator==(const FramedMessage&) const = default;
};

/// What comes after the messages.
enum class Ending { clean, refused, more };

struct FramingCase {
  std::string name, why, bytes;
  std::vector<FramedMessage> messages;
  Ending ending = Ending::clean;
  int refused_with = 0;  // HTTP status; 0 in a file of responses
  int line = 0;          // where the case begins
};

enum class CaseKind { requests, responses };

/// Parses the text of a case file. The error names the line.
[[nodiscard]] Result<std::vector<FramingCase>> parse_cases(std::string_view text, CaseKind kind);
/// Reads and parses the file at `path`.
[[nodiscard]] Result<std::vector<FramingCase>> load_cases(const std::string& path, CaseKind kind);
/// BYTES without their escapes.
[[nodiscard]] Result<std::string> unescape(std::string_view text);

}  // namespace penstock::tests
