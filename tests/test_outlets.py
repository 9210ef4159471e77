"""The registry of outlets as it ships: every host has one owner, every owner a rank and a place."""

from collections import Counter
from functools import cache
from typing import get_args

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read, registered

_PLACES = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 重庆 "
    "四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾"
)
PROVINCES = frozenset(_PLACES.split())
_NEAR = "东城 西城 朝阳 海淀 丰台 石景山 门头沟 房山 通州 顺义 昌平 大兴 怀柔 平谷 密云 延庆"
DISTRICTS = _NEAR.split()


@cache
def registry() -> tuple[Outlet, ...]:
    outlets: tuple[Outlet, ...] = read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...]))
    return outlets


def test_at_least_320_hosts_are_known_and_none_has_two_owners() -> None:
    hosts = Counter(host for outlet in registry() for host in outlet.hosts)
    assert len(hosts) >= 320
    assert [host for host, times in hosts.items() if times > 1] == []


def test_no_name_stands_for_two_owners() -> None:
    names = Counter(name for outlet in registry() for name in outlet.names)
    assert [name for name, times in names.items() if times > 1] == []


def test_a_host_is_a_bare_name_in_lower_case() -> None:
    wrong = [host for outlet in registry() for host in outlet.hosts if host != host.strip(" ./").lower() or "/" in host]
    assert wrong == []
    assert all(host.count(".") >= 1 and host.isascii() for outlet in registry() for host in outlet.hosts)


def test_every_owner_has_a_tier_that_exists_and_a_region_that_exists() -> None:
    tiers = set(get_args(Outlet.model_fields["tier"].annotation))
    assert {outlet.tier for outlet in registry()} == tiers
    assert {outlet.region for outlet in registry()} <= PROVINCES | {"全国", "境外"}


def test_an_authority_is_found_under_its_own_host_and_not_as_a_newsroom() -> None:
    owners = Outlets(registry())
    for host, owner in owners.hosts.items():
        if host.endswith(".gov.cn"):
            assert owner.tier == "gov", host


@pytest.mark.parametrize("district", DISTRICTS)
def test_every_district_of_beijing_has_its_government(district: str) -> None:
    owner = Outlets(registry()).named(f"北京市{district}区人民政府")
    assert owner is not None
    assert (owner.tier, owner.region) == ("gov", "北京")


@pytest.mark.parametrize("province", sorted(PROVINCES - {"香港", "澳门", "台湾", "北京"}))
def test_every_province_has_its_health_commission(province: str) -> None:
    found = [
        outlet
        for outlet in registry()
        if outlet.region == province and outlet.name.startswith(province) and outlet.name.endswith("卫生健康委员会")
    ]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://m.bjnews.com.cn/detail/1.html", "新京报"),
        ("https://wap.bjd.com.cn/1.shtml", "北京日报"),
        ("https://www.nhc.gov.cn/wjw/1.shtml", "国家卫生健康委员会"),
        ("https://wjw.beijing.gov.cn/1.html", "北京市卫生健康委员会"),
        ("https://www.beijing.gov.cn/1.html", "首都之窗"),
        ("https://mp.weixin.qq.com/s/1", "微信公众号"),
        ("https://news.qq.com/rain/a/1", "腾讯网"),
        ("https://www.bjyq.gov.cn/1.html", "北京市延庆区人民政府"),
        ("https://www.hc3i.cn/art/1", "HC3i中国数字医疗网"),
        ("https://dxy.com/article/1", "丁香园"),
    ],
)
def test_several_hosts_of_one_house_have_one_owner_and_the_longest_wins(url: str, name: str) -> None:
    owner = Outlets(registry()).at(url)
    assert owner is not None
    assert owner.name == name


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("wjw.beijing.gov.cn", "beijing.gov.cn"),
        ("www.gov.cn", "www.gov.cn"),
        ("a.b.example.com", "example.com"),
        ("news.sina.com.cn", "sina.com.cn"),
        ("health.people.cn", "people.cn"),
        ("www.abc.bj.cn", "abc.bj.cn"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_registered_part_of_a_host(host: str, domain: str) -> None:
    assert registered(host) == domain
