// How CAF 0.17 and CAF 1.x inspect messages, in one spelling.
#pragma once

#include <cstddef>

#include "caf_compat.hpp"

#if CAF_MAJOR_VERSION == 0
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#endif

namespace flok {

#if CAF_MAJOR_VERSION == 0

/// What `inspect` returns. It is void for the inspector that prints.
template <class Inspector>
using inspection = typename Inspector::result_type;

namespace detail {

template <class Restore>
auto after_load(Restore& restore) {
  return caf::meta::load_callback([&restore]() -> caf::error {
    return restore() ? caf::error{} : caf::error{caf::sec::invalid_argument};
  });
}

} // namespace detail

/// Inspects the fields of a message, in order.
template <class Inspector, class... Fields>
inspection<Inspector> inspect_fields(Inspector& f, const char* name, Fields&... fields) {
  return f(caf::meta::type_name(name), fields...);
}

/// The same, where a message may arrive whose fields make no sense: after a load `restore`
/// takes them over, and is false where it cannot.
template <class Inspector, class Restore, class... Fields>
inspection<Inspector> inspect_checked(Inspector& f, const char* name, Restore restore,
                                      Fields&... fields) {
  return f(caf::meta::type_name(name), fields..., detail::after_load(restore));
}

/// Inspects `stored`, a plain form of a value, which `restore` turns back into the value
/// after a load; it is false where the bytes hold no such value.
template <class Inspector, class Stored, class Restore>
inspection<Inspector> inspect_as(Inspector& f, Stored& stored, Restore restore) {
  return f(stored, detail::after_load(restore));
}

#else

/// What `inspect` returns.
template <class Inspector>
using inspection = bool;

namespace detail {

/// Whether what was loaded is accepted.
template <class Inspector, class Restore>
bool after_load(Inspector& f, Restore& restore) {
  if constexpr (Inspector::is_loading)
    if (!restore()) {
      f.set_error(caf::make_error(caf::sec::invalid_argument));
      return false;
    }
  return true;
}

template <class Inspector, class Field>
bool inspect_field(Inspector& f, std::size_t at, Field& field) {
  constexpr const char* names[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return f.begin_field(names[at]) && f.apply(field) && f.end_field();
}

} // namespace detail

/// Inspects the fields of a message, in order: at most ten.
template <class Inspector, class... Fields>
inspection<Inspector> inspect_fields(Inspector& f, const char* name, Fields&... fields) {
  static_assert(sizeof...(fields) <= 10);
  [[maybe_unused]] std::size_t at = 0;
  return f.begin_object(caf::invalid_type_id, name) &&
         (detail::inspect_field(f, at++, fields) && ...) && f.end_object();
}

/// The same, where a message may arrive whose fields make no sense: after a load `restore`
/// takes them over, and is false where it cannot.
template <class Inspector, class Restore, class... Fields>
inspection<Inspector> inspect_checked(Inspector& f, const char* name, Restore restore,
                                      Fields&... fields) {
  return inspect_fields(f, name, fields...) && detail::after_load(f, restore);
}

/// Inspects `stored`, a plain form of a value, which `restore` turns back into the value
/// after a load; it is false where the bytes hold no such value.
template <class Inspector, class Stored, class Restore>
inspection<Inspector> inspect_as(Inspector& f, Stored& stored, Restore restore) {
  return f.apply(stored) && detail::after_load(f, restore);
}

#endif

} // namespace flok
