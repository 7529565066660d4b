// CloudFormation's stacks: resources, outputs, events, template.

import { call, callAll, listen, repeat } from "./api.js";
import { empty, h, href, refill, select, tools } from "./dom.js";
import { moment, seconds } from "./format.js";
import { codeBox, jsonBox } from "./json.js";
import { facts, sieve, table, tabs } from "./table.js";

export const title = "Stacks";

/** A status as a chip. */
function statusChip(status) {
  const kind = /FAILED|ROLLBACK/.test(status) ? "bad" : /PROGRESS/.test(status) ? "warn" : /COMPLETE/.test(status) ? "good" : "";
  return h("span", { class: "chip", dataset: { kind } }, status);
}

const VIEWS = {
  resources: async (name, signal) => {
    const { StackResources: found } = await call("cloudformation", "DescribeStackResources", { StackName: name }, signal);
    return [found, () => table("Resources", [
      { title: "Logical id", cell: (one) => one.LogicalResourceId },
      { title: "Type", keep: true, cell: (one) => h("span", { class: "quiet" }, one.ResourceType) },
      { title: "Physical id", mono: true, cell: (one) => one.PhysicalResourceId ?? "" },
      { title: "Status", cell: (one) => statusChip(one.ResourceStatus) },
    ], found)];
  },
  outputs: async (name, signal) => {
    const { Stacks: [stack] } = await call("cloudformation", "DescribeStacks", { StackName: name }, signal);
    const parameters = stack.Parameters ?? [];
    return [stack, () => [
      stack.Outputs?.length ? table("Outputs", [
        { title: "Output", cell: (one) => one.OutputKey },
        { title: "Value", mono: true, cell: (one) => one.OutputValue },
        { title: "Export", mono: true, cell: (one) => one.ExportName ?? "" },
      ], stack.Outputs) : empty("The stack has no outputs."),
      parameters.length ? h("div", { class: "section" }, table("Parameters", [{ title: "Parameter", cell: (one) => one.ParameterKey }, { title: "Value", mono: true, cell: (one) => one.ParameterValue ?? "" }], parameters)) : null,
    ]];
  },
  events: async (name, signal) => {
    const found = await callAll("cloudformation", "DescribeStackEvents", { StackName: name }, "StackEvents", "NextToken", signal);
    return [found, () => table("Events, the newest first", [
      { title: "When", cell: (one) => moment(seconds(one.Timestamp)) },
      { title: "Logical id", cell: (one) => one.LogicalResourceId },
      { title: "Status", cell: (one) => statusChip(one.ResourceStatus) },
      { title: "Reason", cell: (one) => one.ResourceStatusReason ?? "" },
    ], found)];
  },
  template: async (name, signal) => {
    const { TemplateBody: body } = await call("cloudformation", "GetTemplate", { StackName: name }, signal);
    return [body, () => {
      if (typeof body !== "string") return jsonBox("Template", body);
      try {
        return jsonBox("Template", JSON.parse(body));
      } catch {
        return codeBox("Template", body);
      }
    }];
  },
};
const LABELS = { resources: "Resources", outputs: "Outputs and parameters", events: "Events", template: "Template" };

/** Render the stack that `parameters.id` names, or the first. */
export async function show(main, parameters, signal) {
  const stacks = (await callAll("cloudformation", "DescribeStacks", {}, "Stacks", "NextToken", signal)).filter((one) => one.StackStatus !== "DELETE_COMPLETE");
  if (!stacks.length) {
    main.append(empty("There is no stack."));
    return;
  }
  const stack = stacks.find((one) => one.StackName === parameters.id) ?? stacks[0];
  let view = Object.hasOwn(VIEWS, parameters.view) ? parameters.view : "resources";
  const named = select(stacks.map((one) => one.StackName), stack.StackName, (name) => { location.hash = href("stacks", name, { view }); }, { "aria-label": "Stack" });
  const search = sieve("Find in the table", main, ".tabpanel tbody tr");
  tools(search.input, stacks.length > 1 ? named : h("code", {}, stack.StackName), statusChip(stack.StackStatus));
  let place = null;
  async function read() {
    const mine = place;
    const [key, make] = await VIEWS[view](stack.StackName, signal);
    if (mine !== place) return;
    refill(place, key, make);
    search.apply();
  }
  const made = tabs("Parts of the stack", Object.entries(LABELS).map(([name, label]) => [name, label, (panel) => {
    view = name;
    place = h("div", {});
    panel.append(place);
    read().catch((error) => {
      if (error.name !== "AbortError") place.replaceChildren(h("p", { class: "trouble", role: "alert" }, error.message));
    });
  }]), view, (name) => history.replaceState(null, "", href("stacks", stack.StackName, { view: name })));
  main.append(h("div", { class: "spaced" }, facts([["Created", moment(seconds(stack.CreationTime))], ["Updated", stack.LastUpdatedTime && moment(seconds(stack.LastUpdatedTime))], ["Description", stack.Description]])), made.bar, made.panel);
  listen("deployed", () => read().catch(() => undefined), signal);
  await repeat(read, 5, signal);
}
