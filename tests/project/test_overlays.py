"""What an overlay may say, what it changes, and where each value comes from."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from commands import run
from rule_projects import PROVIDER, TOKEN, Projects, route

from llmconf import api

DAY = date(2026, 6, 1)
OVERLAY = "environments/prod/main.yaml"


def resource(project: Projects, identity: str, env: str = "prod") -> Any:
    """Return the merged data of a resource in one environment, or None."""
    found = api.validate(project.root, env=env, today=DAY).environments[env].get(identity)
    return found.data if found else None


class TestOverride:
    def test_maps_merge_deep_and_lists_of_scalars_are_replaced(self, project: Projects) -> None:
        base = PROVIDER + "    labels: {a: x, b: y}\n    price: {input: '1', output: '2'}\n    aliases: [one, two]\n"
        overlay = (
            "kind: Provider\nname: openai\nmodels:\n- id: gpt-5\n  labels: {b: z, c: w}\n"
            "  price: {output: '3'}\n  aliases: [three]\n"
        )
        assert project.check(base, overlay=overlay).lines == []
        model = resource(project, "model/openai/gpt-5")
        assert model["labels"] == {"a": "x", "b": "z", "c": "w"}
        assert model["price"] == {"input": "1", "output": "3"}
        assert model["aliases"] == ["three"]
        assert resource(project, "model/openai/gpt-5", "dev")["aliases"] == ["one", "two"]

    def test_nested_and_flat_mean_the_same(self, project: Projects) -> None:
        nested = "kind: Provider\nname: openai\nendpoints: [{name: main, timeout: 5s}]\n"
        flat = "kind: Endpoint\nprovider: openai\nname: main\ntimeout: 5s\n"
        for overlay in (nested, flat):
            assert project.check(PROVIDER, overlay=overlay).lines == []
            assert resource(project, "endpoint/openai/main")["timeout"] == "5s"

    def test_several_documents_and_files(self, project: Projects) -> None:
        overlay = "kind: Route\nname: chat\ntimeout: 5s\n---\nkind: Provider\nname: openai\ntimeout: 6s\n"
        project.check(PROVIDER, route(), overlay=overlay)
        (project.root / "environments/prod/more").mkdir()
        (project.root / "environments/prod/more/x.yaml").write_text(
            "kind: Model\nprovider: openai\nid: gpt-5\ncontext: 5\n", encoding="utf-8"
        )
        assert api.validate(project.root, today=DAY).diagnostics == []
        assert resource(project, "route/chat")["timeout"] == "5s"
        assert resource(project, "provider/openai")["timeout"] == "6s"
        assert resource(project, "model/openai/gpt-5")["context"] == 5

    def test_the_order_of_the_base_is_kept_and_additions_follow(self, project: Projects) -> None:
        base = [route(name) for name in ("b", "c", "a")]
        overlay = "---\n".join([route("aa", rest="$new: true\n"), "kind: Route\nname: a\ntimeout: 5s\n"])
        assert project.check(PROVIDER, *base, overlay=overlay).lines == []
        env = api.validate(project.root, today=DAY).environments["prod"]
        assert list(env.routes) == ["route/b", "route/c", "route/a", "route/aa"]

    def test_disabling_in_one_environment(self, project: Projects) -> None:
        overlay = "kind: Route\nname: chat\nenabled: false\n"
        assert project.check(PROVIDER, route(), overlay=overlay).lines == []
        assert resource(project, "route/chat")["enabled"] is False
        assert "enabled" not in resource(project, "route/chat", "dev")

    @pytest.mark.parametrize(
        ("overlay", "place", "hint"),
        [
            ("kind: Provider\nname: opnai\ntimeout: 5s\n", "2:7", "did you mean `openai`?"),
            ("kind: Provider\nname: openai\nendpoints: [{name: mian, timeout: 5s}]\n", "3:20", "did you mean `main`?"),
            ("kind: Model\nprovider: openai\nid: gpt5\ncontext: 5\n", "3:5", "did you mean `gpt-5`?"),
            ("kind: Route\nname: caht\ntimeout: 5s\n", "2:7", "did you mean `chat`?"),
            ("kind: Team\nname: search\nbudget: {amount: '5', per: day}\n", "2:7", "add `$new: true` if it is new"),
        ],
    )
    def test_an_unknown_identity(self, project: Projects, overlay: str, place: str, hint: str) -> None:
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert found.places == [f"LCO001 {OVERLAY}:{place}"]
        assert hint in (found.diagnostics[0].hint or "")
        assert found.diagnostics[0].environments == ("prod",)

    def test_an_unknown_provider_is_reported_once_with_all_in_it(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: opnai\nendpoints: [{name: main, timeout: 5s}]\nmodels: [{id: gpt-5, context: 5}]\n"
        assert project.check(PROVIDER, overlay=overlay).places == [f"LCO001 {OVERLAY}:2:7"]

    def test_twice_in_one_environment(self, project: Projects) -> None:
        overlay = "kind: Route\nname: chat\ntimeout: 5s\n---\nkind: Route\nname: chat\nretries: 5\n"
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert found.places == [f"LCO006 {OVERLAY}:6:7"]
        assert found.diagnostics[0].related[0].span.line == 2

    def test_of_what_another_environment_has_only(self, project: Projects) -> None:
        project.check(PROVIDER, overlay=route("new", rest="$new: true\n"))
        (project.root / "environments/dev").mkdir()
        (project.root / "environments/dev/x.yaml").write_text("kind: Route\nname: new\ntimeout: 5s\n", encoding="utf-8")
        found = api.validate(project.root, today=DAY).diagnostics
        assert [(d.code, d.environments) for d in found] == [("LCO001", ("dev",))]

    def test_of_an_environment_that_is_not_named(self, project: Projects) -> None:
        project.check(PROVIDER, overlay=route("new", rest="$new: true\n"))
        (project.root / "environments/prod").rename(project.root / "environments/prd")
        found = api.validate(project.root, today=DAY).diagnostics
        assert [(d.code, d.span.file, d.hint) for d in found] == [
            ("LCO004", "environments/prd/main.yaml", "did you mean `prod`?")
        ]


class TestNoEffect:
    @pytest.mark.parametrize(
        ("overlay", "place"),
        [
            ("kind: Provider\nname: openai\ntype: openai\n", "3:1"),
            ("kind: Provider\nname: openai\n", "2:7"),
            ("kind: Provider\nname: openai\ntimeout: null\n", "3:1"),
            ("kind: Provider\nname: openai\nmodels:\n- id: gpt-5\n  capabilities: [chat]\n", "5:3"),
            ("kind: Route\nname: chat\ntargets: [{model: openai/gpt-5, weight: null}]\n", "3:33"),
        ],
    )
    def test_is_a_warning_at_the_key(self, project: Projects, overlay: str, place: str) -> None:
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert found.places == [f"LCO003 {OVERLAY}:{place}"]
        assert found.diagnostics[0].severity == "warning"

    def test_a_value_of_another_type_is_a_change(self, project: Projects) -> None:
        base = PROVIDER + "    parameters: {a: 1, b: true}\n"
        overlay = "kind: Model\nprovider: openai\nid: gpt-5\nparameters: {a: true, b: 1}\n"
        assert project.check(base, overlay=overlay).lines == []


class TestNull:
    def test_unsets_what_is_optional(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\nmodels: [{id: gpt-5, capabilities: null}]\n"
        assert project.check(PROVIDER, overlay=overlay).lines == []
        assert "capabilities" not in resource(project, "model/openai/gpt-5")

    @pytest.mark.parametrize(
        ("overlay", "place"),
        [
            ("kind: Provider\nname: openai\ntype: null\n", "3:1"),
            ("kind: Endpoint\nprovider: openai\nname: main\nurl: ~\n", "4:6"),
            ("kind: Endpoint\nprovider: openai\nname: main\nurl:\n", "4:1"),
            ("kind: Route\nname: chat\ntargets: null\n", "3:10"),
        ],
    )
    def test_cannot_unset_what_is_required(self, project: Projects, overlay: str, place: str) -> None:
        found = project.check(PROVIDER, route(), overlay=overlay)
        line = int(place.partition(":")[0])
        assert [(d.code, d.span.file, d.span.line) for d in found.diagnostics] == [("LCO005", OVERLAY, line)]


class TestNew:
    def test_adds_a_resource(self, project: Projects) -> None:
        overlay = "kind: Endpoint\nprovider: openai\nname: eu\n$new: true\nurl: https://eu.api.openai.com/v1\ndefault: true\n"
        base = PROVIDER.replace("https://api.openai.com/v1\n", "https://api.openai.com/v1\n    default: true\n")
        base = base.replace("main\n    api_key", "main\n    hosts: [api.openai.com, eu.api.openai.com]\n    api_key")
        assert "LCO" not in " ".join(project.check(base, overlay=overlay).codes)
        assert resource(project, "endpoint/openai/eu")["default"] is True
        assert resource(project, "endpoint/openai/eu", "dev") is None

    def test_provider_with_children(self, project: Projects) -> None:
        overlay = PROVIDER.replace("name: openai\n", "name: second\n$new: true\n").replace("OPENAI", "SECOND")
        assert project.check(PROVIDER, overlay=overlay).lines == []
        for identity in ("provider/second", "endpoint/second/main", "credential/second/main", "model/second/gpt-5"):
            assert resource(project, identity) is not None
            assert resource(project, identity, "dev") is None

    def test_that_lacks_a_required_field(self, project: Projects) -> None:
        found = project.check(PROVIDER, overlay="kind: Endpoint\nprovider: openai\nname: eu\n$new: true\n")
        assert "LCS004" in found.codes

    @pytest.mark.parametrize(
        ("overlay", "place"),
        [
            (PROVIDER.replace("name: openai\n", "name: openai\n$new: true\n"), "2:7"),
            ("kind: Provider\nname: openai\nmodels: [{id: gpt-5, $new: true}]\n", "3:15"),
            (route(rest="$new: true\n"), "2:7"),
        ],
    )
    def test_of_what_exists(self, project: Projects, overlay: str, place: str) -> None:
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert f"LCO002 {OVERLAY}:{place}" in found.places
        assert "remove `$new` to change it" in found.lines[0]

    @pytest.mark.parametrize("value", ["false", "yes", "null", "'true'", "1"])
    def test_can_only_be_true(self, project: Projects, value: str) -> None:
        found = project.check(PROVIDER, overlay=route("new", rest=f"$new: {value}\n"))
        assert f"LCS006 {OVERLAY}:4:1" in found.places

    @pytest.mark.parametrize("key", ["$new: true", "$remove: gone"])
    def test_controls_belong_in_an_overlay(self, project: Projects, key: str) -> None:
        assert project.check(PROVIDER, route(rest=key + "\n")).codes == ["LCS008"]

    def test_an_unknown_control(self, project: Projects) -> None:
        found = project.check(PROVIDER, route(), overlay="kind: Route\nname: chat\n$replace: true\ntimeout: 5s\n")
        assert found.places == [f"LCS003 {OVERLAY}:3:1"]


class TestRemove:
    def test_takes_a_resource_away(self, project: Projects) -> None:
        overlay = "kind: Route\nname: chat\n$remove: not sold here\n"
        assert project.check(PROVIDER, route(), overlay=overlay).lines == []
        assert resource(project, "route/chat") is None
        assert resource(project, "route/chat", "dev") is not None

    def test_takes_a_provider_away_with_all_in_it(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\n$remove: not allowed here\n"
        assert project.check(PROVIDER, overlay=overlay).lines == []
        env = api.validate(project.root, today=DAY).environments["prod"]
        assert list(env) == []

    def test_of_what_is_in_use(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\n$remove: not allowed here\n"
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert "LCR002" in found.codes
        assert found.diagnostics[0].related[0].span.file == OVERLAY

    def test_then_override(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\n$remove: gone\n---\nkind: Model\nprovider: openai\nid: gpt-5\ncontext: 5\n"
        found = project.check(PROVIDER, overlay=overlay)
        assert found.places == [f"LCO001 {OVERLAY}:7:5"]
        assert found.diagnostics[0].related[0].message == "removed here"

    def test_of_what_is_not_there(self, project: Projects) -> None:
        found = project.check(PROVIDER, overlay="kind: Route\nname: chat\n$remove: gone\n")
        assert found.places == [f"LCO001 {OVERLAY}:2:7"]

    @pytest.mark.parametrize("reason", ["''", "' '", "true", "null", "[x]", "3"])
    def test_says_why(self, project: Projects, reason: str) -> None:
        found = project.check(PROVIDER, route(), overlay=f"kind: Route\nname: chat\n$remove: {reason}\n")
        assert f"LCO007 {OVERLAY}:3:1" in found.places

    def test_stands_alone(self, project: Projects) -> None:
        found = project.check(PROVIDER, route(), overlay="kind: Route\nname: chat\n$remove: gone\ntimeout: 5s\n")
        assert "LCO007" in found.codes


class TestTargets:
    BASE = (PROVIDER + "  - id: gpt-6\n  - id: gpt-7\n", route("chat", "openai/gpt-5", "openai/gpt-6"))

    def overlay(self, *items: str) -> str:
        return "kind: Route\nname: chat\ntargets:\n" + "".join(f"- {item}\n" for item in items)

    def models(self, project: Projects) -> list[Any]:
        return [(target["model"], target.get("weight")) for target in resource(project, "route/chat")["targets"]]

    def test_merge_by_model(self, project: Projects) -> None:
        overlay = self.overlay("{model: openai/gpt-6, weight: 3}", "{model: openai/gpt-7, $new: true}")
        assert project.check(*self.BASE, overlay=overlay).lines == []
        assert self.models(project) == [("openai/gpt-5", None), ("openai/gpt-6", 3), ("openai/gpt-7", None)]

    def test_remove(self, project: Projects) -> None:
        overlay = self.overlay("{model: openai/gpt-5, $remove: gone}", "{model: openai/gpt-6, weight: 2}")
        assert project.check(*self.BASE, overlay=overlay).lines == []
        assert self.models(project) == [("openai/gpt-6", 2)]

    def test_remove_and_add_anew(self, project: Projects) -> None:
        overlay = self.overlay("{model: openai/gpt-5, $remove: gone}", "{model: openai/gpt-5, $new: true, weight: 2}")
        assert project.check(*self.BASE, overlay=overlay).lines == []
        assert self.models(project) == [("openai/gpt-6", None), ("openai/gpt-5", 2)]

    @pytest.mark.parametrize(
        ("item", "code", "hint"),
        [
            ("{model: openai/gpt-55, weight: 3}", "LCO001", "did you mean"),
            ("{model: openai/gpt-7, weight: 3}", "LCO001", ""),
            ("{model: openai/gpt-5, $new: true}", "LCO002", "remove `$new` to change it"),
            ("{model: openai/gpt-5, $remove: ''}", "LCO007", ""),
            ("{model: openai/gpt-5, endpoint: main, weight: 2}", "LCO001", ""),
        ],
    )
    def test_what_is_wrong(self, project: Projects, item: str, code: str, hint: str) -> None:
        found = project.check(*self.BASE, overlay=self.overlay(item))
        assert code in found.codes
        assert hint in str([d.hint for d in found.diagnostics if d.code == code])
        assert all(d.span.file == OVERLAY for d in found.diagnostics)

    @pytest.mark.parametrize("item", ["3", "x", "[a]", "null", "{}", "{model: 3}", "{model: {a: b}}", "{weight: 3}"])
    @pytest.mark.parametrize("base", ["[x]", "[3, [a], null]", "x", "null", "[{model: 3}]", "[{model: {a: b}}]"])
    def test_what_does_not_fit_the_schema_never_crashes_the_merge(
        self, project: Projects, base: str, item: str
    ) -> None:
        found = project.check(f"kind: Route\nname: chat\ntargets: {base}\n", overlay=self.overlay(item))
        assert found.codes
        assert "LCX005" not in found.codes


class TestDefault:
    BASE = PROVIDER.replace(
        "    url: https://api.openai.com/v1\n",
        "    url: https://api.openai.com/v1\n    default: true\n  - name: eu\n    url: https://eu.api.openai.com/v1\n",
    ).replace("main\n    api_key", "main\n    hosts: [api.openai.com, eu.api.openai.com]\n    api_key")

    def defaults(self, project: Projects, env: str = "prod") -> dict[str, Any]:
        return {name: resource(project, f"endpoint/openai/{name}", env).get("default") for name in ("main", "eu")}

    def test_is_taken_over(self, project: Projects) -> None:
        overlay = "kind: Endpoint\nprovider: openai\nname: eu\ndefault: true\n"
        found = project.check(self.BASE, overlay=overlay)
        assert "LCE002" not in found.codes
        assert self.defaults(project) == {"main": False, "eu": True}
        assert self.defaults(project, "dev") == {"main": True, "eu": None}

    def test_said_on_both_sides(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\nendpoints: [{name: main, default: false}, {name: eu, default: true}]\n"
        assert "LCE002" not in project.check(self.BASE, overlay=overlay).codes

    def test_cannot_be_taken_by_two(self, project: Projects) -> None:
        new = "{name: us, $new: true, url: 'https://us.api.openai.com/v1', default: true}"
        overlay = f"kind: Provider\nname: openai\nendpoints: [{{name: eu, default: true}}, {new}]\n"
        assert "LCE002" in project.check(self.BASE, overlay=overlay).codes

    def test_can_be_lost(self, project: Projects) -> None:
        overlay = "kind: Endpoint\nprovider: openai\nname: main\ndefault: false\n"
        assert "LCE002" in project.check(self.BASE, overlay=overlay).codes


class TestLayersOfDefaults:
    SETTINGS = (
        "defaults:\n  Endpoint: {timeout: 60s, labels: {a: kind, b: kind}}\n"
        "  Endpoint/openai: {timeout: 30s, labels: {b: type}}\n  Route: {retries: 3}\n"
    )

    def test_by_kind_and_then_by_type(self, project: Projects) -> None:
        base = PROVIDER.replace("name: main\n    url", "name: main\n    labels: {c: own}\n    url", 1)
        overlay = "kind: Endpoint\nprovider: openai\nname: main\ntimeout: 5s\n"
        assert project.check(base, route(), overlay=overlay, settings=self.SETTINGS).lines == []
        endpoint = resource(project, "endpoint/openai/main", "dev")
        assert (endpoint["timeout"], endpoint["labels"]) == ("30s", {"a": "kind", "b": "type", "c": "own"})
        assert resource(project, "endpoint/openai/main")["timeout"] == "5s"
        assert resource(project, "route/chat")["retries"] == 3

    def test_hold_for_what_an_overlay_adds(self, project: Projects) -> None:
        overlay = PROVIDER.replace("name: openai\n", "name: second\n$new: true\n").replace("OPENAI", "SECOND")
        assert project.check(PROVIDER, overlay=overlay, settings=self.SETTINGS).lines == []
        assert resource(project, "endpoint/second/main")["timeout"] == "30s"

    def test_repeating_one_in_an_overlay_has_no_effect(self, project: Projects) -> None:
        overlay = "kind: Endpoint\nprovider: openai\nname: main\ntimeout: 30s\n"
        found = project.check(PROVIDER, overlay=overlay, settings=self.SETTINGS)
        assert found.places == [f"LCO003 {OVERLAY}:4:1"]

    @pytest.mark.parametrize(
        ("key", "place", "code"),
        [
            ("Endpiont: {timeout: 5s}", "4:3", "LCP001"), ("Endpoint/opnai: {timeout: 5s}", "4:3", "LCP001"),
            ("Route/openai: {timeout: 5s}", "4:3", "LCP001"), ("Endpoint: {url: 'https://a.example'}", "4:14", "LCP001"),
            ("Credential: {api_key: env:X}", "4:16", "LCP001"), ("Model: {id: x}", "4:11", "LCP001"),
            ("Endpoint: {timeot: 5s}", "4:14", "LCS003"), ("Endpoint: {timeout: 5}", "4:23", "LCS005"),
            ("Endpoint: {headers: {Authorization: Bearer not-a-real-one}}", "4:39", "LCK001"),
            ("Model: {parameters: {a: .nan}}", "4:27", "LCY012"),
        ],
    )  # fmt: skip
    def test_what_is_wrong(self, project: Projects, key: str, place: str, code: str) -> None:
        found = project.check(PROVIDER, settings=f"defaults:\n  {key}\n")
        assert f"{code} llmconf.yaml:{place}" in found.places


class TestWhy:
    def test_the_chain_of_places(self, project: Projects) -> None:
        settings = "defaults:\n  Endpoint: {timeout: 60s}\n  Endpoint/openai: {timeout: 30s}\n"
        base = PROVIDER.replace("name: main\n    url", "name: main\n    timeout: 20s\n    url", 1)
        overlay = "kind: Endpoint\nprovider: openai\nname: main\ntimeout: 5s\n"
        assert project.check(base, overlay=overlay, settings=settings).lines == []
        done = run("-C", project.root, "show", "endpoint/openai/main", "--env", "prod", "--why", "--today", "2026-06-01")
        assert (done.returncode, done.stderr) == (0, "")
        places = ["llmconf.yaml:5", "llmconf.yaml:6", "config/main.yaml:6", f"{OVERLAY}:4"]
        offsets = [done.stdout.index(place) for place in places]
        assert len(set(offsets)) == len(places)
        assert "config/main.yaml:7" in done.stdout

    def test_targets_that_moved(self, project: Projects) -> None:
        base = (PROVIDER + "  - id: gpt-6\n", route("chat", "openai/gpt-5", "openai/gpt-6"))
        overlay = (
            "kind: Route\nname: chat\ntargets:\n- {model: openai/gpt-5, $remove: gone}\n- {model: openai/gpt-6, weight: 3}\n"
        )
        assert project.check(*base, overlay=overlay).lines == []
        env = api.validate(project.root, today=DAY).environments["prod"]
        chain = env.routes["route/chat"].chain(("targets", 0, "weight"))
        assert [(layer.name, path) for layer, path in chain] == [("prod", ("targets", 1, "weight"))]
        chain = env.routes["route/chat"].chain(("targets", 0, "model"))
        assert [(layer.name, path) for layer, path in chain] == [
            ("base", ("targets", 1, "model")), ("prod", ("targets", 1, "model")),
        ]  # fmt: skip

    def test_a_secret_is_masked(self, project: Projects) -> None:
        base = PROVIDER.replace("env:OPENAI_API_KEY", TOKEN)
        project.check(base)
        done = run("-C", project.root, "show", "credential/openai/main", "--why")
        assert TOKEN not in done.stdout + done.stderr


class TestSecretsAcrossLayers:
    def test_shared_by_an_alias_further_up(self, project: Projects) -> None:
        base = PROVIDER.replace("credentials:", "credentials: &shared").replace("env:OPENAI_API_KEY", TOKEN)
        assert "LCY013" not in project.check(base).codes
        merged = f"kind: Credential\nprovider: openai\nname: b\n<<: &x {{api_key: '{TOKEN}'}}\n"
        assert "LCY013" in project.check(PROVIDER, merged).codes
        item = f"- &one {{name: main, api_key: '{TOKEN}'}}\n- {{<<: *one, name: other}}\n"
        found = project.check(PROVIDER.partition("credentials:")[0] + "credentials:\n" + item)
        assert [d.path for d in found.diagnostics if d.code == "LCY013"] == [("credentials", 1, "api_key")]

    def test_a_header_shared_by_an_alias(self, project: Projects) -> None:
        text = PROVIDER + f"headers: {{X-One: &x '{TOKEN}', X-Two: *x}}\n"
        found = project.check(text)
        assert [d.path[-1] for d in found.diagnostics if d.code == "LCY013"] == ["X-One", "X-Two"]


class TestMany:
    """Ten thousand of anything take time in proportion to their number."""

    MODELS = PROVIDER + "".join(f"  - id: m{number}\n" for number in range(10_000))

    def nested(self, *, prefix: str) -> str:
        items = "".join(f"- {{id: {prefix}{number}, context: 5}}\n" for number in range(10_000))
        return f"kind: Provider\nname: openai\nmodels:\n{items}"

    def test_overrides(self, project: Projects) -> None:
        assert project.check(self.MODELS, overlay=self.nested(prefix="m")).lines == []

    def test_unknown_overrides(self, project: Projects) -> None:
        assert project.check(self.MODELS, overlay=self.nested(prefix="x")).codes == ["LCO001"] * 10_000

    def test_targets(self, project: Projects) -> None:
        names = [f"openai/m{number}" for number in range(5000)]
        overlay = "kind: Route\nname: chat\ntargets:\n" + "".join(f"- {{model: {name}, weight: 2}}\n" for name in names)
        assert project.check(self.MODELS, route("chat", *names), overlay=overlay).lines == []
