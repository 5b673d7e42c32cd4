// Pages that someone is told of together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "hash.hpp"
#include "page.hpp"

namespace flok {

/// A page of a change, with what it is looked up by.
struct listed_page {
  explicit listed_page(page_ptr p) : page{std::move(p)}, hash{id_hash(page->id())} {}

  page_ptr page;      ///< not null
  std::uint32_t hash; ///< of its id, for `hash_slots`
};

/// All pages of one change, and which of them each of many lists has: lists refer to it,
/// and a page counts one owner, however many are told of it. Immutable once it is shared.
struct listed_change {
  std::vector<listed_page> pages;
  std::vector<std::uint32_t> places; ///< one list's after the other's
};

/// An immutable list of pages, none null: a single one, or some of a change's. Copying one
/// is cheap, and copies may be used by several threads.
class page_list {
public:
  page_list() = default;
  page_list(page_ptr one) : one_{std::move(one)} {
    if (one_)
      hash_ = id_hash(one_->id());
  }

  /// `count` pages of a change, whose places begin at `first`.
  page_list(std::shared_ptr<const listed_change> those, std::size_t first,
            std::uint32_t count)
      : change_{std::move(those)}, first_{first}, count_{count} {}

  page_list(const std::vector<page_ptr>& those) : page_list{those.begin(), those.end()} {}
  page_list(std::initializer_list<page_ptr> those)
      : page_list{those.begin(), those.end()} {}

  [[nodiscard]] std::size_t size() const {
    return change_ ? count_ : static_cast<std::size_t>(one_ != nullptr);
  }
  [[nodiscard]] bool empty() const { return size() == 0; }

  [[nodiscard]] const page_ptr& operator[](std::size_t i) const {
    return change_ ? listed(i).page : one_;
  }
  [[nodiscard]] const page_ptr& front() const { return (*this)[0]; }

  /// `id_hash` of a page's id.
  [[nodiscard]] std::uint32_t hash(std::size_t i) const {
    return change_ ? listed(i).hash : hash_;
  }

  class iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = page_ptr;
    using difference_type = std::ptrdiff_t;
    using pointer = const page_ptr*;
    using reference = const page_ptr&;

    iterator() = default;
    iterator(const page_list& list, std::size_t at) : list_{&list}, at_{at} {}

    reference operator*() const { return (*list_)[at_]; }
    pointer operator->() const { return &(*list_)[at_]; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return {*list_, at_++}; }
    bool operator==(const iterator& other) const { return at_ == other.at_; }

  private:
    const page_list* list_ = nullptr;
    std::size_t at_ = 0;
  };
  [[nodiscard]] iterator begin() const { return {*this, 0}; }
  [[nodiscard]] iterator end() const { return {*this, size()}; }

private:
  template <class Iterator>
  page_list(Iterator first, Iterator last) {
    const auto count = static_cast<std::uint32_t>(last - first);
    if (count == 1)
      *this = page_list(*first);
    if (count < 2)
      return;
    auto all = std::make_shared<listed_change>();
    all->pages.reserve(count);
    for (; first != last; ++first)
      all->pages.emplace_back(*first);
    all->places.resize(count);
    std::iota(all->places.begin(), all->places.end(), 0U);
    change_ = std::move(all);
    count_ = count;
  }

  [[nodiscard]] const listed_page& listed(std::size_t i) const {
    return change_->pages[change_->places[first_ + i]];
  }

  std::shared_ptr<const listed_change> change_; ///< null: one page, or none
  page_ptr one_;
  std::size_t first_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t hash_ = 0; ///< of a single page's id
};

} // namespace flok
