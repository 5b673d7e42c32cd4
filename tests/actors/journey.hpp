// Messages as they are after they have crossed a network.
#pragma once

#include <cstddef>

#include <caf/deep_to_string.hpp>
#include <caf/message.hpp>

#include "actors/caf_testing.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

/// The bytes of these values. `Home` has `actors()`, as a stage does.
template <class Home, class... Fields>
message_bytes written_down(Home& home, Fields... fields) {
  auto bytes = to_bytes(home.actors(), fields...);
  REQUIRE(bytes.has_value());
  return *bytes;
}

template <class Home, class T>
bool read_back(Home& home, const message_bytes& from, T& value) {
  return from_bytes(home.actors(), from, value);
}

/// Whether the bytes are refused as a `T`.
template <class T, class Home>
bool refused(Home& home, const message_bytes& from) {
  T value;
  return !read_back(home, from, value);
}

/// The message after a journey. Its text must be the same, no part of its bytes may pass
/// for the whole, and CAF must know its type.
template <class T, class Home>
T after_journey(Home& home, const T& sent) {
  const auto text = caf::deep_to_string(sent);
  INFO(text);
  const auto wire = written_down(home, sent);
  T received;
  CHECK(read_back(home, wire, received));
  CHECK(caf::deep_to_string(received) == text);
  for (std::size_t size = 0; size < wire.size(); ++size)
    CHECK(refused<T>(home,
                     message_bytes(wire.begin(), wire.begin() + static_cast<long>(size))));

  caf::message any;
  CHECK(read_back(home, written_down(home, caf::make_message(sent)), any));
  REQUIRE(any.template match_elements<T>());
  CHECK(caf::deep_to_string(any.template get_as<T>(0)) == text);
  return received;
}

} // namespace flok::testing
