// How this library tells that a test has failed.
#pragma once

#include <stdexcept>

namespace flok::testing {

/// Something that the test counts on is not so: a page that is none, news that never came.
/// Test frameworks report what is thrown in a test, with its text.
class failed : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace flok::testing
