// How many tokens a request has, estimated without the provider's tokenizer, and learned from the usage that the provider reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "policy/text_features.h"

namespace penstock::policy {

/// The estimate for one model. It starts as a guess that fits today's byte-pair tokenizers (about 4 characters of English a token) and
/// learns by recursive least squares in relative terms: each weight is a factor on its prior, what is not known pulls back to the guess,
/// one absurd report moves little. About 6 KB; a value.
class TokenEstimator {
 public:
  TokenEstimator();

  /// Input tokens, at least 1.
  [[nodiscard]] double estimate(const TextFeatures& features) const;

  /// The provider counted `actual` input tokens (cached ones included). Zero and counts that no tokenizer could give are ignored.
  void learn(const TextFeatures& features, std::uint64_t actual);

  /// Requests learned from.
  [[nodiscard]] std::uint64_t learned() const { return learned_; }

 private:
  using Vector = std::array<double, kFeatureCount>;
  void correct(const Vector& shares, double ratio);

  Vector factors_;                                // on the prior weights
  std::array<Vector, kFeatureCount> covariance_;  // of factors_
  std::uint64_t learned_ = 0;
};

/// Estimators by "provider/model"; the least recently learned one goes when there are too many. One thread's own.
class EstimatorTable {
 public:
  static constexpr std::size_t kMost = 256;

  EstimatorTable() = default;
  EstimatorTable(EstimatorTable&&) noexcept = default;  // no copies: index_ looks into entries_
  EstimatorTable& operator=(EstimatorTable&&) noexcept = default;

  /// The model's own estimate, or the prior's for a model that nothing was learned of.
  [[nodiscard]] double estimate(std::string_view model, const TextFeatures& features) const;
  void learn(std::string_view model, const TextFeatures& features, std::uint64_t actual);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string model;
    TokenEstimator estimator;
  };
  TokenEstimator& entry(std::string_view model);

  std::list<Entry> entries_;                                                // most recently learned first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index_;  // keys are views into entries_
  TokenEstimator prior_;
};

}  // namespace penstock::policy
