// A sequence whose elements are found, taken out and put in by index in O(log n).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flok {

/// A sequence of different numbers, each the name of something that the user keeps. A
/// weight-balanced tree by rank (Hirai and Yamamoto, "Balancing weight-balanced trees",
/// 2011): no order of calls makes it deeper than O(log n), as one could a tree that is
/// balanced by random numbers which can be foreseen.
class order_tree {
public:
  /// The numbers from 0 to `count - 1`, in order. O(n).
  explicit order_tree(std::size_t count) {
    nodes_.resize(count + 1);
    root_ = build(1, static_cast<node_id>(count + 1));
  }

  [[nodiscard]] std::size_t size() const { return nodes_[root_].size; }

  /// The number at `index`, which must be below `size()`.
  [[nodiscard]] std::size_t at(std::size_t index) const {
    node_id t = root_;
    for (;;) {
      const std::size_t before = nodes_[nodes_[t].child[0]].size;
      if (index == before)
        return t - 1;
      t = nodes_[t].child[index < before ? 0 : 1];
      index -= index < before ? 0 : before + 1;
    }
  }

  /// Takes out the number at `index`, which must be below `size()`.
  std::size_t erase(std::size_t index) {
    node_id taken = 0;
    root_ = erase(root_, index, taken);
    return taken - 1;
  }

  /// Puts a number that is not in the sequence before the one at `index`, which must be at
  /// most `size()`. Numbers should be low: memory is taken up to the highest.
  void insert(std::size_t index, std::size_t number) {
    const auto id = static_cast<node_id>(number + 1);
    if (id >= nodes_.size())
      nodes_.resize(id + std::size_t{1});
    nodes_[id] = {{0, 0}, 1};
    root_ = insert(root_, index, id);
  }

  [[nodiscard]] std::vector<std::size_t> sequence() const {
    std::vector<std::size_t> out;
    out.reserve(size());
    collect(root_, out);
    return out;
  }

private:
  using node_id = std::uint32_t; // a page has fewer entries than 2^32 bytes

  struct node {
    std::array<node_id, 2> child{};
    std::uint32_t size = 0; // of the tree below, itself included; none at node 0, the empty
  };

  // The one pair of whole numbers for which both insertion and removal stay in balance.
  static constexpr std::uint64_t delta = 3;
  static constexpr std::uint64_t gamma = 2;

  [[nodiscard]] std::uint64_t weight(node_id t) const {
    return std::uint64_t{nodes_[t].size} + 1;
  }

  void count(node_id t) {
    auto& n = nodes_[t];
    n.size = nodes_[n.child[0]].size + nodes_[n.child[1]].size + 1;
  }

  node_id build(node_id first, node_id end) {
    if (first == end)
      return 0;
    const node_id middle = first + (end - first) / 2;
    const node_id left = build(first, middle);
    const node_id right = build(middle + 1, end);
    nodes_[middle] = {{left, right}, end - first};
    return middle;
  }

  /// The child on that side goes up.
  node_id rotate(node_id t, std::size_t side) {
    const node_id up = nodes_[t].child[side];
    nodes_[t].child[side] = nodes_[up].child[1 - side];
    nodes_[up].child[1 - side] = t;
    count(t);
    count(up);
    return up;
  }

  /// Recounts `t` and balances it again, after one of its subtrees changed by one node.
  node_id settle(node_id t) {
    count(t);
    for (const std::size_t side : {0U, 1U}) {
      const node_id heavy = nodes_[t].child[side];
      if (weight(heavy) <= delta * weight(nodes_[t].child[1 - side]))
        continue;
      if (weight(nodes_[heavy].child[1 - side]) >=
          gamma * weight(nodes_[heavy].child[side]))
        nodes_[t].child[side] = rotate(heavy, 1 - side);
      return rotate(t, side);
    }
    return t;
  }

  node_id insert(node_id t, std::size_t index, node_id id) {
    if (t == 0)
      return id;
    const std::size_t before = nodes_[nodes_[t].child[0]].size;
    const std::size_t side = index <= before ? 0 : 1;
    const node_id below =
        insert(nodes_[t].child[side], index <= before ? index : index - before - 1, id);
    nodes_[t].child[side] = below;
    return settle(t);
  }

  node_id erase(node_id t, std::size_t index, node_id& taken) {
    const auto [left, right] = nodes_[t].child;
    const std::size_t before = nodes_[left].size;
    if (index < before) {
      nodes_[t].child[0] = erase(left, index, taken);
      return settle(t);
    }
    if (index > before) {
      nodes_[t].child[1] = erase(right, index - before - 1, taken);
      return settle(t);
    }
    taken = t;
    if (left == 0 || right == 0)
      return left == 0 ? right : left;
    node_id next = 0; // takes the place of `t`
    const node_id rest = erase(right, 0, next);
    nodes_[next].child = {left, rest};
    return settle(next);
  }

  void collect(node_id t, std::vector<std::size_t>& out) const {
    if (t == 0)
      return;
    collect(nodes_[t].child[0], out);
    out.push_back(t - 1);
    collect(nodes_[t].child[1], out);
  }

  std::vector<node> nodes_; // that of number n is n + 1
  node_id root_ = 0;
};

} // namespace flok
