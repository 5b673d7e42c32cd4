// How this library says that a test has failed.
#pragma once

#include <stdexcept>

namespace flok::testing {

/// Something that the test relies on is not so: a text is no page, an update never comes.
/// Test frameworks report what is thrown in a test, with its text.
class failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace flok::testing
