"""What rules say of references, routes and endpoints where layers and broken resources are involved."""

from __future__ import annotations

from rule_projects import PROVIDER, Projects, route


class TestReferences:
    def test_to_what_an_overlay_removes(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\n$remove: not allowed here\n"
        found = project.check(PROVIDER, route(rest="requires: [chat]\n"), overlay=overlay)
        assert found.codes == ["LCR002"]
        diagnostic = found.diagnostics[0]
        assert diagnostic.message == "provider `openai` is removed in this environment"
        assert diagnostic.environments == ("prod",)
        assert diagnostic.related[0].span.file == "environments/prod/main.yaml"
        assert diagnostic.related[0].span.line == 3

    def test_to_a_model_that_an_overlay_removes(self, project: Projects) -> None:
        overlay = "kind: Model\nprovider: openai\nid: gpt-5\n$remove: not allowed here\n"
        team = "kind: Team\nname: search\nuses: [model/openai/gpt-5]\n"
        found = project.check(PROVIDER, team, overlay=overlay)
        assert [d.message for d in found.diagnostics] == [
            "model `openai/gpt-5` is removed in this environment"
        ]

    def test_to_what_is_broken_are_not_reported(self, project: Projects) -> None:
        broken = PROVIDER.replace("type: openai", "type: opnai")
        team = "kind: Team\nname: search\nuses: [route/chat, provider/openai, model/openai/gpt-9]\n"
        found = project.check(broken, route("chat", "openai/gpt-5", "openai/gpt-9"), team)
        assert found.codes == ["LCS007"]

    def test_to_a_broken_route_is_not_reported(self, project: Projects) -> None:
        broken = route("other", rest="strategy: fastest\n")
        found = project.check(PROVIDER, route(rest="fallbacks: [other]\n"), broken)
        assert found.codes == ["LCS006"]

    def test_a_provider_without_near_match_has_no_hint(self, project: Projects) -> None:
        found = project.check(PROVIDER, "kind: Model\nprovider: zzzzzz\nid: x\n")
        assert found.places == ["LCR002 config/main.yaml:15:11"]
        assert found.diagnostics[0].hint is None

    def test_a_near_provider_without_that_model(self, project: Projects) -> None:
        found = project.check(PROVIDER, route("chat", "opnai/gpt-9"))
        assert found.diagnostics[0].hint == "did you mean the provider `openai`?"

    def test_of_a_disabled_route_may_lead_to_what_is_disabled(self, project: Projects) -> None:
        off = PROVIDER.replace("type: openai", "type: openai\nenabled: false")
        team = "kind: Team\nname: search\nenabled: false\nuses: [route/chat]\n"
        assert project.check(off, route(rest="enabled: false\n"), team).codes == []

    def test_disabled_by_an_overlay_names_the_place(self, project: Projects) -> None:
        overlay = "kind: Provider\nname: openai\nenabled: false\n"
        found = project.check(PROVIDER, route(), overlay=overlay)
        assert found.codes == ["LCR005", "LCR003"]
        related = found.diagnostics[1].related[0].span
        assert (related.file, related.line, related.column) == ("environments/prod/main.yaml", 3, 10)

    def test_many_unknown_ones_stay_quick(self, project: Projects) -> None:
        targets = [f"openai/model-{number}" for number in range(3000)]
        found = project.check(PROVIDER, *(f"kind: Model\nprovider: openai\nid: m{n}\n" for n in range(500)),
                              route("chat", *targets))  # fmt: skip
        assert found.codes == ["LCR002"] * 3000


class TestRoutes:
    def test_a_long_circle_is_shortened(self, project: Projects) -> None:
        circle = [route(f"r{n}", rest=f"fallbacks: [r{(n + 1) % 9}]\n") for n in range(9)]
        found = project.check(PROVIDER, *circle)
        message = "the fallbacks form a circle: `r0 -> r1 -> r2 -> r3 -> r4 -> r5 -> ... -> r8 -> r0`"
        assert [d.message for d in found.diagnostics] == [message]

    def test_a_long_chain_is_no_problem(self, project: Projects) -> None:
        chain = [route(f"r{n}", rest=f"fallbacks: [r{n + 1}]\n") for n in range(1500)]
        assert project.check(PROVIDER, *chain, route("r1500")).codes == []

    def test_no_endpoint_means_no_live_target(self, project: Projects) -> None:
        off = PROVIDER.replace("/v1\n", "/v1\n    enabled: false\n")
        assert project.check(off, route()).codes == ["LCE001", "LCR005"]

    def test_a_target_at_a_disabled_endpoint_is_not_live(self, project: Projects) -> None:
        endpoint = "kind: Endpoint\nprovider: openai\nname: eu\nenabled: false\nurl: https://eu.openai.com\n"
        at_eu = route().replace("gpt-5}", "gpt-5, endpoint: eu}")
        assert project.check(PROVIDER, endpoint, at_eu).codes == ["LCR005", "LCR003"]

    def test_a_model_of_an_unknown_provider_is_reported_once(self, project: Projects) -> None:
        found = project.check(PROVIDER, "kind: Model\nprovider: azure\nid: x\n", route("chat", "azure/x"))
        assert found.codes == ["LCR002"]

    def test_an_unknown_base_does_not_cost_a_capability(self, project: Projects) -> None:
        model = "kind: Model\nprovider: openai\nid: mine\nbase: nowhere\n"
        found = project.check(PROVIDER, model, route("chat", "openai/mine", rest="requires: [chat]\n"))
        assert found.codes == ["LCM004"]

    def test_capabilities_point_at_both_places(self, project: Projects) -> None:
        found = project.check(PROVIDER, route(rest="requires: [vision]\n"))
        assert found.codes == ["LCR006"]
        related = [(r.message, r.span.line) for r in found.diagnostics[0].related]
        assert related == [("required here", 17), ("the model's capabilities", 12)]

    def test_unused_only_where_all_teams_are_known(self, project: Projects) -> None:
        broken = "kind: Team\nname: search\nuses: route/chat\n"
        other = "kind: Team\nname: other\nuses: [provider/openai]\n"
        assert project.check(PROVIDER, route(), broken, other).codes == ["LCS005"]

    def test_a_twin_target_is_found_where_it_stands_in_the_base(self, project: Projects) -> None:
        overlay = route().replace("5}", "5, weight: 2}")
        twins = "kind: Route\nname: chat\ntargets:\n  - model: openai/gpt-5\n  - model: openai/gpt-5\n"
        found = project.check(PROVIDER, twins, overlay=overlay)
        assert "LCR009 config/main.yaml:18:12" in found.places


class TestEndpoints:
    def test_an_overlay_takes_the_default_over(self, project: Projects) -> None:
        base = PROVIDER.replace("/v1\n", "/v1\n    default: true\n")
        overlay = (
            "kind: Provider\nname: openai\nendpoints:\n"
            "  - {name: main, weight: 1}\n"
            "  - {name: eu, $new: true, url: https://eu.api.openai.com/v1, default: true}\n"
        )
        assert project.check(base, overlay=overlay).codes == []

    def test_flat_endpoints_have_no_list_to_point_at(self, project: Projects) -> None:
        flat = "kind: Endpoint\nprovider: openai\nname: {}\nurl: https://{}.api.openai.com/v1\n"
        base = PROVIDER.replace("endpoints:\n  - name: main\n    url: https://api.openai.com/v1\n", "")
        found = project.check(base, flat.format("eu", "eu"), flat.format("us", "us"))
        assert found.places == ["LCE002 config/main.yaml:2:7"]

    def test_a_broken_endpoint_silences_the_provider(self, project: Projects) -> None:
        found = project.check(PROVIDER.replace("https://api", "htps://api"), route())
        assert found.codes == ["LCE007"]

    def test_http_in_a_private_network_is_fine(self, project: Projects) -> None:
        farm = (
            "kind: Provider\nname: farm\ntype: vllm\n"
            'endpoints: [{name: main, url: "http://gpu.internal:8000/v1"}]\n'
            'credentials: [{name: main, hosts: ["http://gpu.internal:8000"], api_key: "env:FARM_KEY"}]\n'
        )
        assert project.check(farm).codes == []

    def test_http_without_a_secret_is_fine(self, project: Projects) -> None:
        farm = "kind: Provider\nname: farm\ntype: vllm\nendpoints: [{name: main, url: http://llm.example/v1}]\n"
        assert project.check(farm).codes == []

    def test_http_to_a_foreign_host_is_two_problems(self, project: Projects) -> None:
        found = project.check(PROVIDER.replace("https://api.openai.com", "http://evil.example"))
        assert found.codes == ["LCE003", "LCE004"]

    def test_a_path_tells_origins_apart(self, project: Projects) -> None:
        base = PROVIDER.replace("    api_key", "    hosts: [api.openai.com/team-a]\n    api_key")
        found = project.check(base)
        assert found.codes == ["LCE004"]
        assert "host `api.openai.com/v1` is not among" in found.lines[0]

    def test_a_team_credential_is_bound_too(self, project: Projects) -> None:
        team = "kind: Team\nname: search\nuses: [provider/openai]\ncredentials: [openai/main]\n"
        assert project.check(PROVIDER, team).codes == []

    def test_an_endpoint_outside_the_hosts_in_one_environment(self, project: Projects) -> None:
        overlay = (
            "kind: Endpoint\nprovider: openai\nname: main\nurl: https://openai.example/v1\n"
        )
        found = project.check(PROVIDER, overlay=overlay)
        assert found.places == ["LCE004 environments/prod/main.yaml:4:6"]
        assert found.diagnostics[0].environments == ("prod",)

    def test_a_url_with_a_secret_is_not_repeated(self, project: Projects) -> None:
        found = project.check(PROVIDER.replace("https://", "https://hunter2:hunter3@"))
        assert found.codes == ["LCE005"]
        assert "hunter" not in "".join(found.lines)

    def test_one_inherited_proxy_is_one_finding(self, project: Projects) -> None:
        settings = "defaults: {Provider: {proxy: 'http://me@proxy.example'}}\n"
        twin = PROVIDER.replace("name: openai", "name: twin", 1)
        assert project.check(PROVIDER, twin, settings=settings).places == ["LCE005 llmconf.yaml:3:30"]
