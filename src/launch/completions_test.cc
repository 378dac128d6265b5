#include "launch/completions.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <set>

#include "launch/completion_script.h"

namespace penstock::launch {
namespace {

using Words = std::vector<std::string>;

/// A small Penstock: what CLI11 knows is all that completions know.
class Completions : public testing::Test {
 protected:
  Completions() {
    app_.set_version_flag("--version", "1");
    auto* run = app_.add_subcommand("run", "starts Claude Code");
    run->add_option("NAME", text_)->required();
    run->add_option("--model,-m", text_, "another model");
    run->add_flag("--direct", flag_, "no gateway");
    run->add_flag("--inner", flag_)->group("");
    app_.add_subcommand("secret", "")->group("");
    auto* keys = app_.add_subcommand("keys", "provider keys");
    auto* import = keys->add_subcommand("import", "older files");
    import->add_option("provider", many_);
    import->add_option_group("from")->add_option("--from-file", text_);
    auto* env = app_.add_subcommand("env");
    env->add_option("--shell", text_)->check(CLI::IsMember({"bash", "zsh"}));
    env->add_option("--rows", text_)->check(CLI::ExistingFile);
  }

  Completion at(Words words) {
    words.insert(words.begin(), "penstock");
    return complete(describe(app_), words, [this](ValueKind kind) {
      asked_.push_back(kind);
      return std::vector<Candidate>{{"glm", "z.ai"}, {"glm:air", ""}, {"kimi", ""}};
    });
  }
  std::set<std::string> texts(Words words) {
    std::set<std::string> texts;
    for (const auto& candidate : at(std::move(words)).candidates) texts.insert(candidate.text);
    return texts;
  }
  using Set = std::set<std::string>;

  CLI::App app_{"the program", "penstock"};
  std::string text_;
  Words many_;
  bool flag_ = false;
  std::vector<ValueKind> asked_;
};

TEST_F(Completions, OfSubcommandsLeaveTheHiddenOut) {
  EXPECT_EQ(texts({""}), (Set{"run", "keys", "env"}));
  EXPECT_EQ(texts({"e"}), Set{"env"});
  EXPECT_EQ(texts({"keys", ""}), Set{"import"});
  EXPECT_EQ(at({"r"}).candidates.front().help, "starts Claude Code");
}

TEST_F(Completions, OfOptionsLeaveTheHiddenOut) {
  EXPECT_EQ(texts({"-"}), (Set{"-h", "--help", "--version"}));
  EXPECT_EQ(texts({"run", "--"}), (Set{"--help", "--model", "--direct"}));
  EXPECT_EQ(texts({"keys", "import", "--f"}), Set{"--from-file"});
}

TEST_F(Completions, OfNamesAskForTheKindThatTheValueIs) {
  EXPECT_EQ(texts({"run", "g"}), (Set{"glm", "glm:air"}));
  EXPECT_EQ(texts({"run", "--model", "k"}), Set{"kimi"});
  EXPECT_EQ(texts({"run", "--model=k"}), Set{"--model=kimi"});
  EXPECT_EQ(texts({"keys", "import", ""}), (Set{"glm", "glm:air", "kimi"}));
  EXPECT_EQ(asked_, (std::vector{ValueKind::runnable, ValueKind::models, ValueKind::models, ValueKind::providers}));
}

TEST_F(Completions, AskForNamesOnlyWhereThereAreSome) {
  (void)at({""});
  (void)at({"run", "--"});
  (void)at({"run", "glm", ""});
  EXPECT_TRUE(asked_.empty());
}

TEST_F(Completions, StepOverValuesAndFlags) {
  EXPECT_EQ(texts({"run", "--model", "env", "--direct", "k"}), Set{"kimi"});
  EXPECT_EQ(texts({"run", "-m", "x", "glm", "k"}), Set{});
  EXPECT_EQ(texts({"run", "--model=x", "k"}), Set{"kimi"});
  EXPECT_EQ(texts({"keys", "import", "glm", "kimi", "g"}), (Set{"glm", "glm:air"})) << "a positional that takes many";
}

TEST_F(Completions, OfAFixedSetAndOfFiles) {
  EXPECT_EQ(texts({"env", "--shell", ""}), (Set{"bash", "zsh"}));
  EXPECT_TRUE(at({"env", "--rows", "x"}).files);
  EXPECT_TRUE(at({"keys", "import", "--from-file", ""}).files);
  EXPECT_TRUE(at({"run", "glm", "--", "--anything"}).files) << "another program's words";
  EXPECT_FALSE(at({"run", ""}).files);
}

TEST_F(Completions, AreNothingForNothing) {
  EXPECT_TRUE(complete(describe(app_), {}, {}).candidates.empty());
  EXPECT_EQ(texts({"unknown", "x"}), Set{});
  EXPECT_EQ(texts({"run", "--unknown=x"}), Set{});
}

TEST(CompletionScript, SplitsALineLikeAShell) {
  EXPECT_EQ(split_line(""), Words{""});
  EXPECT_EQ(split_line("penstock run de"), (Words{"penstock", "run", "de"}));
  EXPECT_EQ(split_line("penstock  run "), (Words{"penstock", "run", ""}));
  EXPECT_EQ(split_line(R"(a 'b c' "d \" e" f\ g '')"), (Words{"a", "b c", "d \" e", "f g", ""}));
  EXPECT_EQ(split_line("a 'b c"), (Words{"a", "b c"}));
  EXPECT_EQ(split_line("a '' x"), (Words{"a", "", "x"}));
}

TEST(CompletionScript, ReadsWhatTheShellsSend) {
  using namespace std::string_literals;
  EXPECT_EQ(parse_question(Shell::zsh, "penstock\0run\0\0"s).words, (Words{"penstock", "run", ""}));
  EXPECT_EQ(parse_question(Shell::fish, "penstock\0run\0'd\0"s).words, (Words{"penstock", "run", "d"}));
  const auto bash = parse_question(Shell::bash, "A=1 penstock run glm:a\0a\0"s);
  EXPECT_EQ(bash.words, (Words{"penstock", "run", "glm:a"}));
  EXPECT_EQ(bash.replaced, "a");
  for (const Shell shell : {Shell::bash, Shell::zsh, Shell::fish})
    EXPECT_EQ(answer_text(shell, parse_question(shell, ""), complete({}, parse_question(shell, "").words, {})), "");
}

TEST(CompletionScript, AnswersInTheShellsForm) {
  const Question question{{"penstock", "run", "glm:a"}, "a"};
  const Completion found{{{"glm:air[1m]", "z.ai\nmore"}, {"glm:a\x1b]x", ""}}, false};
  EXPECT_EQ(answer_text(Shell::bash, question, found), "air\\[1m\\]\na\\]x\n") << "bash replaces what stands behind the colon";
  EXPECT_EQ(answer_text(Shell::zsh, question, found), "glm\\:air[1m]:z.ai\nglm\\:a]x\n");
  EXPECT_EQ(answer_text(Shell::fish, question, found), "glm:air[1m]\tz.ai\nglm:a]x\n");
  EXPECT_EQ(answer_text(Shell::fish, question, {{}, true}), ":files\n");
}

}  // namespace
}  // namespace penstock::launch
