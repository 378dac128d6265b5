// Every check, by the file that it stands in. Each looks at the evidence and says what it saw; none changes anything.
#pragma once

#include "doctor/inputs.h"
#include "doctor/row.h"

namespace penstock::doctor {

// files.cc
Rows check_configuration(const Evidence& evidence);
Rows check_permissions(const Evidence& evidence);

// providers.cc
Rows check_credentials(const Evidence& evidence);
Rows check_base_urls(const Evidence& evidence);

// learned.cc
Rows check_learned(const Evidence& evidence);

// reach.cc
Rows check_reachable(const Evidence& evidence);
Rows check_search(const Evidence& evidence);
Rows check_clock(const Evidence& evidence);

// machine.cc
Rows check_port(const Evidence& evidence);
Rows check_claude(const Evidence& evidence);

// session.cc
Rows check_variables(const Evidence& evidence);
Rows check_settings(const Evidence& evidence);

}  // namespace penstock::doctor
