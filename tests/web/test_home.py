"""The first page."""

from desktops import accessible


def test_the_first_page_names_every_series_and_leads_to_its_windows(desktop, tab):
    tab.goto(desktop.url)
    assert tab.locator("h2").all_inner_texts() == ["北京市卫生信息化舆情监测月报", "全国卫生信息化舆情监测周报"]
    assert tab.locator("a[href='/issues/beijing-monthly/2024-06-01']").count() == 1
    accessible(tab)
