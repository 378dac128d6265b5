// The texts of data/*.yaml, put into the binary by the build.
#pragma once

#include <string_view>

namespace penstock::catalog {

extern const std::string_view kProvidersYaml;
extern const std::string_view kModelsYaml;

}  // namespace penstock::catalog
