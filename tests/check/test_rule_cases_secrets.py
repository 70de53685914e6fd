"""What rules say of credentials and models where layers, days and inheritance are involved."""

from __future__ import annotations

import pytest
from rule_projects import PROVIDER, TOKEN, Projects, credential, route


class TestCredentials:
    def test_one_inherited_token_is_no_copy(self, project: Projects) -> None:
        settings = f"defaults: {{Endpoint: {{headers: {{X-Key: '{TOKEN}'}}}}}}\n"
        twin = PROVIDER.replace("name: openai", "name: twin", 1)
        assert "LCK006" not in project.check(PROVIDER, twin, settings=settings).codes

    def test_a_token_copied_to_a_header_and_to_tls(self, project: Projects) -> None:
        base = PROVIDER.replace("env:OPENAI_API_KEY", TOKEN).replace(
            "/v1\n", f"/v1\n    headers: {{X-Key: '{TOKEN}'}}\n    tls: {{client_key: '{TOKEN}'}}\n"
        )
        found = project.check(base)
        assert found.places == ["LCK006 config/main.yaml:7:22", "LCK006 config/main.yaml:8:23"]

    @pytest.mark.parametrize(
        ("today", "codes"),
        [
            ("2026-06-01", []), ("2026-06-02", ["LCK008"]), ("2026-06-30", ["LCK008"]),
            ("2026-07-01", ["LCK008"]), ("2026-07-02", ["LCK007"]), ("2027-01-01", ["LCK007"]),
        ],
    )  # fmt: skip
    def test_days_before_the_end(self, project: Projects, today: str, codes: list[str]) -> None:
        base = PROVIDER.replace("    api_key", "    expires: 2026-07-02\n    api_key")
        assert project.check(base, today=today).codes == codes

    def test_the_end_of_time(self, project: Projects) -> None:
        base = PROVIDER.replace("    api_key", "    expires: 9999-12-31\n    api_key")
        assert project.check(base, route(), today="9999-12-30").codes == ["LCK008"]

    def test_what_is_disabled_does_not_expire(self, project: Projects) -> None:
        old = credential("old", "enabled: false\nexpires: 2020-01-01\napi_key: env:OLD_KEY\n")
        assert project.check(PROVIDER, old).codes == []

    def test_unused_is_not_said_of_a_credential_that_lost_its_host(self, project: Projects) -> None:
        found = project.check(PROVIDER.replace("api.openai.com", "evil.example"))
        assert found.codes == ["LCE004"]

    def test_many_candidates_are_not_all_listed(self, project: Projects) -> None:
        more = [credential(f"c{n}", f"api_key: env:KEY_{n}\n") for n in range(4)]
        found = project.check(PROVIDER, *more)
        message = "endpoint `main` may be called with `main`, `c0`, `c1` and 2 more"
        assert [d.message for d in found.diagnostics] == [message]

    def test_empty_hosts(self, project: Projects) -> None:
        base = PROVIDER.replace("    api_key", "    hosts: []\n    api_key")
        assert project.check(base).places == ["LCK012 config/main.yaml:9:5"]

    def test_the_type_takes_no_part_in_a_broken_provider(self, project: Projects) -> None:
        broken = PROVIDER.replace("type: openai", "type: openai\ntimeout: soon")
        assert project.check(broken, credential("spare", "client_secret: env:X\n")).codes == ["LCS006"]

    def test_hosts_unset_by_an_overlay(self, project: Projects) -> None:
        hosts = "    hosts: [api.openai.com]\n"
        base = PROVIDER.replace("    api_key: env:OPENAI_API_KEY", f"{hosts}    api_key: {TOKEN}")
        overlay = "kind: Credential\nprovider: openai\nname: main\nhosts: null\n"
        assert project.check(base, overlay=overlay).places == ["LCK015 environments/prod/main.yaml:4:8"]

    def test_hosts_over_those_of_the_type(self, project: Projects) -> None:
        base = PROVIDER.replace("env:OPENAI_API_KEY", TOKEN)
        found = project.check(base, overlay=credential("main", "hosts: [api.openai.com]\n"))
        assert found.places == ["LCK015 environments/prod/main.yaml:4:1"]
        assert [r.span.line for r in found.diagnostics[0].related] == [9]

    def test_hosts_in_another_order_are_the_same(self, project: Projects) -> None:
        hosts = "    hosts: [api.openai.com, eu.api.openai.com]\n"
        base = PROVIDER.replace("    api_key: env:OPENAI_API_KEY", f"{hosts}    api_key: {TOKEN}")
        overlay = credential("main", "hosts: [eu.api.openai.com, api.openai.com]\n")
        assert project.check(base, overlay=overlay).codes == []

    def test_a_reference_is_not_bound_to_hosts(self, project: Projects) -> None:
        overlay = credential("main", "hosts: [api.openai.com]\n")
        assert project.check(PROVIDER, overlay=overlay).codes == []


class TestModels:
    def test_a_base_alone_means_the_model_that_follows_no_other(self, project: Projects) -> None:
        twin = PROVIDER.replace("name: openai", "name: twin", 1)
        twin = twin.replace("capabilities: [chat]", "base: gpt-5")
        third = twin.replace("name: twin", "name: third", 1)
        found = project.check(PROVIDER, twin, third, route("chat", "third/gpt-5", rest="requires: [chat]\n"))
        assert found.codes == []

    def test_a_base_with_its_provider(self, project: Projects) -> None:
        model = "kind: Model\nprovider: openai\nid: mine\nbase: openai/gtp-5\n"
        assert project.check(PROVIDER, model).diagnostics[0].hint == "did you mean `openai/gpt-5`?"

    def test_a_base_that_is_broken(self, project: Projects) -> None:
        broken = "kind: Model\nprovider: openai\nid: other\ncontext: many\n"
        model = "kind: Model\nprovider: openai\nid: mine\nbase: other\n"
        assert project.check(PROVIDER, broken, model).codes == ["LCS005"]

    def test_a_base_that_an_overlay_removes(self, project: Projects) -> None:
        model = "kind: Model\nprovider: openai\nid: mine\nbase: openai/gpt-5\n"
        overlay = "kind: Model\nprovider: openai\nid: gpt-5\n$remove: not allowed here\n"
        found = project.check(PROVIDER, model, overlay=overlay)
        assert found.codes == ["LCM004"]
        assert found.diagnostics[0].related[0].message == "removed here"

    def test_a_model_that_is_its_own_base(self, project: Projects) -> None:
        model = "kind: Model\nprovider: openai\nid: mine\nbase: openai/mine\n"
        found = project.check(PROVIDER, model)
        assert found.diagnostics[0].message == "the bases form a circle: `openai/mine -> openai/mine`"

    def test_the_policy_says_how_soon_is_soon(self, project: Projects) -> None:
        base = PROVIDER + "    lifecycle: {retires: 2026-07-01}\n"
        assert project.check(base, route()).codes == ["LCM005"]
        assert project.check(base, route(), settings="policy: {retires_within_days: 29}\n").codes == []

    def test_prices_in_an_overlay(self, project: Projects) -> None:
        base = PROVIDER + '    price: {input: "1", tiers: [{above: 1000, input: "2"}]}\n'
        price = "price: {input: '-1', tiers: [{above: 1000, input: '9000'}]}\n"
        overlay = f"kind: Model\nprovider: openai\nid: gpt-5\n{price}"
        found = project.check(base, overlay=overlay)
        assert found.places == [
            "LCM002 environments/prod/main.yaml:4:16",
            "LCM003 environments/prod/main.yaml:4:51",
        ]
