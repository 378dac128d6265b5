#include "dialect/stream_guard.h"

#include <algorithm>

#include "base/text.h"
#include "dialect/arguments.h"

namespace penstock::dialect {

namespace {

using llm::BlockKind;
using llm::StopReason;

bool is_prose(BlockKind kind) { return kind == BlockKind::text || kind == BlockKind::thinking; }
/// What is remembered of a block that is over costs about this, in bytes.
constexpr std::size_t kRemembered = 128;

bool has_arguments(BlockKind kind) { return kind == BlockKind::tool_call || kind == BlockKind::other; }

/// Nothing but white space and brackets that close, as the inside of a JSON string.
bool closes_only(std::string_view written) {
  while (!written.empty()) {
    const bool space = written.starts_with("\\n") || written.starts_with("\\t") || written.starts_with("\\r");
    if (!space && !std::string_view(" }]").contains(written.front())) return false;
    written.remove_prefix(space ? 2 : 1);
  }
  return true;
}

}  // namespace

void ArgumentScan::feed(std::string_view written) {
  for (const char c : written) {
    if (digits_ > 0)
      digit(c);
    else if (outer_escape_)
      escape(c);
    else if (c == '\\')
      outer_escape_ = true;
    else
      take(c);
  }
}

void ArgumentScan::escape(char c) {
  outer_escape_ = false;
  if (c == 'u') {
    digits_ = 4;
    point_ = 0;
  } else {
    take(c == '"' || c == '\\' || c == '/' ? c : ' ');  // \n and its like are white space between values, and no matter inside strings
  }
}

/// Some write every quote as \u0022.
void ArgumentScan::digit(char c) {
  point_ = point_ * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  if (--digits_ == 0) take(point_ < 0x80 ? static_cast<char>(point_) : 'x');
}

void ArgumentScan::take(char c) {
  if (in_string_) {
    if (inner_escape_)
      inner_escape_ = false;
    else if (c == '\\')
      inner_escape_ = true;
    else if (c == '"')
      in_string_ = false;
    return;
  }
  if (c == '"') in_string_ = true;
  if (c == '{' || c == '[') {
    begun_ = true;
    ++depth_;
  }
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
}

void StreamGuard::take(const llm::Event& event) {
  if (done_) return;
  std::visit([this](const auto& one) { on(one); }, event);
}

void StreamGuard::begin() {
  if (!begun_) on(llm::Begin{});
}

void StreamGuard::on(const llm::Begin& begin) {
  if (begun_) return;
  begun_ = true;
  emit(begin);
}

void StreamGuard::on(const llm::Open& open) {
  begin();
  add(open);
}

void StreamGuard::add(llm::Open open) {
  Block block;
  block.key = open.key;
  block.kind = open.kind;
  block.name = open.name.written;
  block.raw = open.raw.raw;
  if (open.kind == BlockKind::tool_call) {
    block.id = open.id.written;
    while (block.id.empty() || ids_.contains(block.id)) block.id = id_seed_ + std::to_string(made_ids_++);
    ids_.insert(block.id);
    called_ = true;
  }
  kept_ += kRemembered + block.id.size();
  blocks_.push_back(std::move(block));
  keep(blocks_.back(), open.name.written.size() + open.raw.raw.size());
  if (done_) return;
  if (blocks_.size() == 1)
    start(blocks_.front());
  else
    advance();
}

/// The newest open block of that key: some providers use a number again.
StreamGuard::Block* StreamGuard::find(std::uint32_t key) {
  const auto found =
      std::find_if(blocks_.rbegin(), blocks_.rend(), [key](const Block& block) { return block.key == key && !block.closed; });
  return found == blocks_.rend() ? nullptr : &*found;
}

/// The block that a piece belongs to; a new one where it was never opened, or is prose that was closed before: nothing that a provider says
/// is lost. Null when what it belongs to is done and cannot be opened again.
StreamGuard::Block* StreamGuard::find_or_add(std::uint32_t key, BlockKind kind) {
  begin();
  if (Block* const block = find(key)) return block;
  const auto before = seen_.find(key);
  if (before != seen_.end() && !is_prose(before->second)) return nullptr;
  add({.key = key, .kind = before == seen_.end() ? kind : before->second});
  return done_ ? nullptr : &blocks_.back();
}

/// False when the piece is to be left out.
bool StreamGuard::take_arguments(Block& block, llm::Text text) {
  if (block.scan.complete() && closes_only(text.written)) return false;
  block.scan.feed(text.written);
  if (block.kind == BlockKind::tool_call) block.arguments += text.written;
  return true;
}

void StreamGuard::on(const llm::Delta& delta) {
  if (delta.text.empty()) return;
  Block* const block = find_or_add(delta.key, BlockKind::text);
  if (done_) return;
  if (block == nullptr) {
    if (!closes_only(delta.text.written)) fail("the provider adds to a part of its answer that was complete");
    return;
  }
  if (block->kind == BlockKind::sealed_thinking) return;  // it has no text
  if (has_arguments(block->kind) && !take_arguments(*block, delta.text)) return;
  const bool streams = block == &blocks_.front();
  keep(*block, (streams ? 0 : delta.text.written.size()) + (block->kind == BlockKind::tool_call ? delta.text.written.size() : 0));
  if (done_) return;
  if (streams) {
    ensure_open(*block);
    emit(llm::Delta{next_index_ - 1, delta.text});
  } else {
    block->waiting += delta.text.written;
  }
  advance();
}

void StreamGuard::on(const llm::Seal& seal) {
  Block* const block = find_or_add(seal.key, BlockKind::thinking);
  if (block == nullptr || (block->kind != BlockKind::thinking && block->kind != BlockKind::sealed_thinking)) return;
  block->seal = seal.signature.written;
  keep(*block, block->seal.size());
  if (!done_) advance();
}

void StreamGuard::on(const llm::Cite& cite) {
  Block* const block = find_or_add(cite.key, BlockKind::text);
  if (block == nullptr || block->kind != BlockKind::text) return;
  if (block != &blocks_.front()) {
    block->cites.emplace_back(cite.citation.raw);
    return keep(*block, cite.citation.raw.size());
  }
  ensure_open(*block);
  emit(llm::Cite{next_index_ - 1, cite.citation});
}

void StreamGuard::on(const llm::Close& close) {
  Block* const block = find(close.key);
  if (block == nullptr) return;
  block->closed = true;
  advance();
}

/// The open block may be closed for one that waits: prose always, a call once its arguments are whole, sealed thinking once it has its
/// data.
bool StreamGuard::may_give_way(const Block& block) const {
  if (block.closed) return true;
  if (blocks_.size() == 1) return false;
  switch (block.kind) {
    case BlockKind::text:
    case BlockKind::thinking: return true;
    case BlockKind::sealed_thinking: return !block.seal.empty();
    case BlockKind::tool_call: return block.scan.complete();
    case BlockKind::other: return block.scan.complete() || !block.scan.begun();
  }
  return true;
}

void StreamGuard::advance() {
  while (!done_ && !blocks_.empty() && may_give_way(blocks_.front())) {
    emit_close(blocks_.front(), false);
    if (done_) return;
    seen_.insert_or_assign(blocks_.front().key, blocks_.front().kind);
    pop();
    if (blocks_.empty()) return;
    start(blocks_.front());
  }
}

/// It is the block's turn. Prose is opened with its first words, so that there is none without.
void StreamGuard::start(Block& block) {
  if (!is_prose(block.kind)) ensure_open(block);
  emit_waiting(block);
}

void StreamGuard::ensure_open(Block& block) {
  if (block.opened) return;
  block.opened = true;
  emit(llm::Open{next_index_++, block.kind, {block.id}, {block.name}, {block.raw}});
}

void StreamGuard::emit_waiting(Block& block) {
  if (block.cites.empty() && block.waiting.empty()) return;
  ensure_open(block);
  for (const auto& citation : block.cites) emit(llm::Cite{next_index_ - 1, {citation}});
  if (!block.waiting.empty()) emit(llm::Delta{next_index_ - 1, {block.waiting}});
  block.cites.clear();
  block.waiting = {};
}

/// `cut`: the answer ended for want of tokens, so that arguments may be incomplete.
void StreamGuard::emit_close(Block& block, bool cut) {
  if (block.kind == BlockKind::tool_call && !cut && !complete_arguments(block)) return;
  if (!block.seal.empty()) {
    ensure_open(block);
    emit(llm::Seal{next_index_ - 1, {block.seal}});
  }
  if (block.opened) emit(llm::Close{next_index_ - 1});
}

/// Sends what is missing of the arguments. False when they cannot be mended.
bool StreamGuard::complete_arguments(Block& block) {
  const auto rest = missing_end(block.arguments);
  if (!rest) {
    fail("the provider's call of the tool " + block.name + " has arguments that are not JSON: " + block.arguments.substr(0, 200));
    return false;
  }
  if (!rest->empty()) emit(llm::Delta{next_index_ - 1, {*rest}});
  return true;
}

void StreamGuard::on(const llm::End& end) {
  begin();
  const bool cut = end.reason == StopReason::max_tokens || end.reason == StopReason::context_window;
  while (!blocks_.empty()) {
    emit_close(blocks_.front(), cut);
    if (done_) return;
    pop();
    if (blocks_.empty()) break;
    start(blocks_.front());
  }
  reason_ = end.reason;
  if (called_ && (reason_ == StopReason::end_turn || reason_ == StopReason::none)) reason_ = StopReason::tool_use;
  if (!called_ && (reason_ == StopReason::tool_use || reason_ == StopReason::none)) reason_ = StopReason::end_turn;
  emit(llm::Count{usage_});
  done_ = true;
  emit(llm::End{reason_, end.stop_sequence});
}

void StreamGuard::on(const llm::Failed& failed) {
  done_ = true;
  emit(failed);
}

/// Counts what a block keeps.
void StreamGuard::keep(Block& block, std::size_t bytes) {
  block.kept += bytes;
  kept_ += bytes;
  if (kept_ > kMostKept || blocks_.size() > kMostOpen) fail("the provider's answer is too large", 502);
}

void StreamGuard::pop() {
  kept_ -= blocks_.front().kept;
  blocks_.pop_front();
}

void StreamGuard::fail(std::string message, int status) {
  found_fault_ = true;
  on(llm::Failed{status, "api_error", std::move(message)});
}

void StreamGuard::finish() {
  if (!done_) fail("the provider ended its answer before it was complete");
}

}  // namespace penstock::dialect
