#include "policy/token_estimate.h"

#include <algorithm>
#include <cmath>

namespace penstock::policy {

namespace {

/// What one count is worth in tokens before anything was learned, and how far a model may be from that (as a factor, one standard
/// deviation).
struct Prior {
  Feature feature;
  double weight, spread;
};

// Fitted to 2,400 texts (code in thirty languages, documents, markup, data, manuals in twenty languages) cut by the tokenizers of OpenAI's
// current models; the last seven are what chat templates and vision models usually take.
constexpr std::array<Prior, kFeatureCount> kPriors{{
    {Feature::words, 0.97, 0.05},
    {Feature::letters_over_6, 0.15, 0.25},
    {Feature::rare_pairs, 0.95, 0.2},
    {Feature::mixed_letters, 0.43, 0.3},
    {Feature::digit_groups, 1.30, 0.25},
    {Feature::spaced_digits, 0.66, 0.3},
    {Feature::punctuation, 0.62, 0.2},
    {Feature::punctuation_more, 0.33, 0.3},
    {Feature::punctuation_same, 0.07, 0.5},
    {Feature::line_breaks, 0.55, 0.25},
    {Feature::indents, 1.25, 0.2},
    {Feature::accented, 0.40, 0.7},
    {Feature::other_alphabets, 0.33, 0.5},
    {Feature::indic, 0.90, 1.0},
    {Feature::kana, 0.72, 0.4},
    {Feature::hangul, 0.78, 0.6},
    {Feature::ideographs, 0.80, 0.4},
    {Feature::wide_marks, 1.00, 0.3},
    {Feature::emoji, 3.00, 0.5},
    {Feature::messages, 4.00, 0.4},
    {Feature::tools, 10.0, 1.0},
    {Feature::blocks, 1.00, 1.0},
    {Feature::images, 1300, 0.5},
    {Feature::pages, 1800, 0.7},
    {Feature::thinking_bytes, 0.20, 0.6},
    {Feature::requests, 10, 15},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFeatureCount; ++i)
    if (static_cast<std::size_t>(kPriors[i].feature) != i) return false;
  return true;
}
static_assert(in_order(), "kPriors follows Feature");

// Tokenizers differ most in how fine they cut everything.
constexpr double kCommonSpread = 0.4;
// And a tokenizer that is coarse on one script beyond ASCII is so on the others.
constexpr double kScriptSpread = 0.6;
// What the counts cannot tell of a request, as a part of its tokens.
constexpr double kNoise = 0.05;
// A surprise beyond this many standard deviations counts as this many.
constexpr double kMostSurprise = 2;
// With each request what was learned is trusted this much less, so that a provider may change its tokenizer.
constexpr double kForgetting = 0.002;
// Below this many tokens a request says nothing; beyond these ratios to the prior a report is no count of its tokens.
constexpr double kLeastTokens = 20, kLeastRatio = 0.1, kMostRatio = 10;
// A factor may leave its prior by this many standard deviations.
constexpr double kMostDeviations = 4;

bool is_beyond_ascii(std::size_t i) {
  return i >= static_cast<std::size_t>(Feature::accented) && i <= static_cast<std::size_t>(Feature::emoji);
}

/// The prior's covariance of two factors.
double prior_spread(std::size_t i, std::size_t j) {
  double spread = kCommonSpread * kCommonSpread;
  if (is_beyond_ascii(i) && is_beyond_ascii(j)) spread += kScriptSpread * kScriptSpread;
  if (i == j) spread += kPriors[i].spread * kPriors[i].spread;
  return spread;
}

/// Each feature's part in the prior's estimate, in tokens.
std::array<double, kFeatureCount> prior_tokens(const TextFeatures& features) {
  std::array<double, kFeatureCount> tokens;
  for (std::size_t i = 0; i < kFeatureCount; ++i) tokens[i] = features.counts[i] * kPriors[i].weight;
  return tokens;
}

double sum(const std::array<double, kFeatureCount>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

double product(const std::array<double, kFeatureCount>& a, const std::array<double, kFeatureCount>& b) {
  double total = 0;
  for (std::size_t i = 0; i < kFeatureCount; ++i) total += a[i] * b[i];
  return total;
}

}  // namespace

TokenEstimator::TokenEstimator() {
  factors_.fill(1);
  for (std::size_t i = 0; i < kFeatureCount; ++i)
    for (std::size_t j = 0; j < kFeatureCount; ++j) covariance_[i][j] = prior_spread(i, j);
}

double TokenEstimator::estimate(const TextFeatures& features) const {
  const auto tokens = prior_tokens(features);
  // Weights learned from other texts may be wrong for this one, not absurd.
  const double guess = sum(tokens);
  return std::max(1.0, std::clamp(product(tokens, factors_), guess * kLeastRatio, guess * kMostRatio));
}

void TokenEstimator::learn(const TextFeatures& features, std::uint64_t actual) {
  auto shares = prior_tokens(features);
  const double guess = sum(shares);
  const double ratio = static_cast<double>(actual) / guess;
  if (!(guess >= kLeastTokens) || !(ratio >= kLeastRatio) || !(ratio <= kMostRatio)) return;
  for (double& share : shares) share /= guess;
  correct(shares, ratio);
  ++learned_;
}

/// One step of recursive least squares on ratio = shares . factors, with the noise and the surprise bounded.
void TokenEstimator::correct(const Vector& shares, double ratio) {
  Vector reach;  // covariance_ * shares
  for (std::size_t i = 0; i < kFeatureCount; ++i) reach[i] = product(covariance_[i], shares);
  const double variance = product(reach, shares) + kNoise * kNoise * ratio * ratio;
  const double bound = kMostSurprise * std::sqrt(variance);
  const double surprise = std::clamp(ratio - product(shares, factors_), -bound, bound);
  for (std::size_t i = 0; i < kFeatureCount; ++i) {
    factors_[i] = std::clamp(factors_[i] + reach[i] / variance * surprise, 0.0, 1 + kMostDeviations * std::sqrt(prior_spread(i, i)));
    for (std::size_t j = 0; j < kFeatureCount; ++j) {
      // The mean with the prior's covariance keeps the matrix positive and bounded, whatever comes.
      const double known = covariance_[i][j] - reach[i] * reach[j] / variance;
      covariance_[i][j] = known + kForgetting * (prior_spread(i, j) - known);
    }
  }
}

double EstimatorTable::estimate(std::string_view model, const TextFeatures& features) const {
  const auto found = index_.find(model);
  return (found == index_.end() ? prior_ : found->second->estimator).estimate(features);
}

void EstimatorTable::learn(std::string_view model, const TextFeatures& features, std::uint64_t actual) {
  entry(model).learn(features, actual);
}

/// The model's entry, moved to the front.
TokenEstimator& EstimatorTable::entry(std::string_view model) {
  if (const auto found = index_.find(model); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->estimator;
  }
  if (entries_.size() == kMost) {
    index_.erase(entries_.back().model);
    entries_.pop_back();
  }
  entries_.push_front({std::string(model), {}});
  index_.emplace(entries_.front().model, entries_.begin());
  return entries_.front().estimator;
}

}  // namespace penstock::policy
