#include "plain_layers.hpp"

#include <gtest/gtest.h>

#include <utility>

#include "../draft/editor.hpp"

namespace halflife::plain {

using optimistic::LayerBody;

Layers::Layers(Values& values, Value base, bool always)
    : values_(values),
      absent(values.keep(values.make_leaf(std::string("absent")))),
      log(*this, base != nullptr ? base : absent, always),
      nothing_(values.keep(values.make_leaf(std::string("nothing")))) {}

Layers::~Layers() {
  log.close();
  for (const auto& [layer, raised] : errors_) {
    if (raised != nullptr) values_.release(raised);
  }
  for (Value token : tokens_) values_.release(token);
}

bool Layers::said(bool ok) {
  if (std::exchange(values_.failed, false)) error = "the model failed";
  EXPECT_TRUE(ok || !error.empty()) << "refused without an error";
  if (ok) error.clear();
  return ok;
}

Value Layers::recipe_of(LayerRecipe recipe) {
  Node* node = new Node(draft::Kind::leaf);
  node->body = std::make_shared<LayerRecipe>(std::move(recipe));
  return node;
}

Layer* Layers::enter(LayerBody body, bool confirmed) {
  Node* token = new Node(draft::Kind::leaf);
  auto layer = std::make_shared<Layer>();
  token->body = layer;
  layer->token = token;
  layer->body = body;
  tokens_.push_back(token);
  Value context = nullptr;
  if (log.apply(*layer, confirmed, &context)) {
    if (context != nullptr) values_.release(context);
    return layer.get();
  }
  said(false);
  EXPECT_EQ(context, nullptr);
  for (Value part : {layer->body.recipe, layer->body.then, layer->body.replacement}) {
    if (part != nullptr) values_.release(part);
  }
  layer->body = {};
  return nullptr;
}

Layer* Layers::apply(LayerRecipe recipe) {
  return enter({recipe_of(std::move(recipe)), nullptr, nullptr, false}, false);
}

Layer* Layers::update(LayerRecipe recipe) {
  return enter({recipe_of(std::move(recipe)), nullptr, nullptr, true}, true);
}

Layer* Layers::replace(Value whole, bool pending) {
  values_.own(whole);
  return enter({nullptr, nullptr, whole, false}, !pending);
}

bool Layers::commit(Layer& layer, const LayerRecipe& server, const LayerRecipe& then) {
  Value server_value = server ? recipe_of(server) : nullptr;
  Value then_value = then ? recipe_of(then) : nullptr;
  const bool ok = log.commit(layer, server_value, then_value, true);
  if (server_value != nullptr) values_.release(server_value);
  if (then_value != nullptr) values_.release(then_value);
  return said(ok);
}

bool Layers::edit_base(LayerRecipe recipe) {
  Value value = recipe_of(std::move(recipe));
  const bool ok = log.edit_base({value, nullptr, nullptr, true});
  values_.release(value);
  return said(ok);
}

// --- Host

bool Layers::intern(Value key, std::uint64_t* id) {
  Value ignored = nullptr;
  if (!values_.find(nothing_, key, &ignored)) return false;  // does the key have a hash?
  *id = keys_.emplace(Values::show_key(key), keys_.size()).first->second;
  return true;
}

bool Layers::call(Value recipe, Value argument, Value* returned, Value* raised) {
  ++calls;
  if (interrupt_in >= 0 && interrupt_in-- == 0) {
    *raised = values_.make_leaf(std::string("interrupted"));
    return false;
  }
  try {
    *returned = (*static_cast<LayerRecipe*>(node_of(recipe).body.get()))(argument);
    if (*returned == nullptr) *returned = nothing_;
    values_.own(*returned);
    return true;
  } catch (const Raised& error_raised) {
    values_.failed = false;
    values_.faults.clear();
    *raised = values_.make_leaf(error_raised.what);
    return false;
  }
}

Value Layers::edited_and_returned(Value /*recipe*/, Value /*returned*/) {
  return values_.make_leaf(std::string("edits and returns"));
}

Value Layers::take_error() {
  EXPECT_TRUE(values_.failed) << "no error is pending";
  values_.failed = false;
  const bool core = !values_.faults.empty();
  values_.faults.clear();
  return values_.make_leaf(std::string(core ? "core refused" : "the model failed"));
}

Value Layers::error_of(const Layer& layer) {
  const auto found = errors_.find(&layer);
  return found == errors_.end() ? nullptr : found->second;
}

void Layers::set_error(Layer& layer, Value raised) {
  if (raised != nullptr) values_.own(raised);
  if (Value gone = std::exchange(errors_[&layer], raised); gone != nullptr) values_.release(gone);
}

void Layers::conflicted(Layer& layer, Value raised, bool again) {
  set_error(layer, raised);
  if (!again) conflicts.push_back(Values::show(raised));
}

}  // namespace halflife::plain
