"""Names as people and companies of Zhengzhou bear them; brands are put together from characters that no platform used."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
# By how common they are: the i-th surname is drawn with the weight 1/(i + 8).
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
    "魏薛叶阎余潘杜戴夏锺汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎"
    "易常武乔贺赖龚文岑郗阮祝管穆仇晏臧闵邬卞戚巫鄢郜蒲卓柯虞"
)
_FIRST = "志文建国小晓明永春海玉金德世家永俊少振新红秀丽桂淑雅思子梓雨佳欣宇浩天一泽嘉诗若静凤艳爱保庆福广荣战军学"
_SECOND = (
    "强伟军勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳阳建华亮成龙英芳娜敏静丽艳霞秀娟"
    "桂兰梅玲丹萍红燕颖洁雪琳雯婷慧晶倩楠媛悦彤瑶涵怡欣琪萱轩辰博睿轩"
)
_RARE = "䶮㛃砚楮筠皋棹黍藜桁鲟垣葭汀苘渡鸫槐岫榉菡黛"
_BRAND_A = "榛柘桤楝槭蒺蕤薏荻菱芡鹂鸲鹬鹡鳜鲌蠡蛏螽鸫藜棹鲟苘葭岑郗皋垣"
_BRAND_B = "砚黍桁汀渡筠岫榉菡黛槐楮棣洹嵩苍廪篁皖溱漯淇沁汝颍淅滹沱湍濮"
TRADES = (
    "商贸",
    "建材",
    "餐饮",
    "物流",
    "纺织品",
    "农产品",
    "五金",
    "印务",
    "机械设备",
    "电子产品",
    "装饰工程",
    "食品",
    "汽车销售",
    "家具",
    "家电",
    "婚庆服务",
)
PLATFORM_SUFFIXES = ("贷", "在线", "易借", "网", "汇", "通", "宝", "财", "金服", "融")
PLACES = ("郑州", "河南", "洛阳", "开封", "新乡", "郑州经开区")
_ROADS = [
    "航海东路",
    "经开第八大街",
    "经北二路",
    "经南五路",
    "第三大街",
    "朝凤路",
    "中兴南路",
    "花园路",
    "农业路",
    "东明路",
    "商都路",
    "文化路",
    "金水路",
    "陇海东路",
]


def people(rng: np.random.Generator, count: int) -> pa.Array:
    """Draw names of people: a surname and one or two characters, one in 400 with a rare one."""
    surname = pa.array(list(SURNAMES)).take(pa.array(zipf(rng, len(SURNAMES), count, 8)))
    first = pa.array(["", *dict.fromkeys(_FIRST)])
    second = pa.array(list(dict.fromkeys(_SECOND + _RARE)))
    common = len(dict.fromkeys(_SECOND))
    last = rng.integers(0, common, count)
    rare = rng.integers(0, 400, count) == 0
    last = np.where(rare, common + rng.integers(0, len(second) - common, count), last)
    two = rng.integers(0, 100, count) < 72
    middle = np.where(two, rng.integers(1, len(first), count), 0)
    return pc.binary_join_element_wise(surname, first.take(pa.array(middle)), second.take(pa.array(last)), "")


def brand(serial: int) -> str:
    """Return the serial-th brand: two characters for the first 900 or so, then more."""
    a, b = len(_BRAND_A), len(_BRAND_B)
    made, rest = _BRAND_A[serial % a] + _BRAND_B[(serial + serial // a) % b], serial // (a * b)
    while rest:
        made, rest = made + _BRAND_B[(rest - 1) % b], (rest - 1) // b
    return made


def companies(rng: np.random.Generator, serials: Ints) -> pa.Array:
    """Return names of companies, one per serial number: place, brand, trade, legal form."""
    place = rng.integers(0, len(PLACES), len(serials)).tolist()
    trade = rng.integers(0, len(TRADES), len(serials)).tolist()
    rows = zip(serials.tolist(), place, trade, strict=True)
    return pa.array([f"{PLACES[p]}{brand(s)}{TRADES[t]}有限公司" for s, p, t in rows], pa.string())


def addresses(rng: np.random.Generator, count: int) -> pa.Array:
    """Draw addresses in Zhengzhou, to the room."""
    road = pa.array([f"郑州市{road}" for road in _ROADS]).take(pa.array(rng.integers(0, len(_ROADS), count)))
    house, block, room = (pa.array(rng.integers(1, top, count)).cast(pa.string()) for top in (400, 30, 2600))
    return pc.binary_join_element_wise(road, house, "号", block, "号楼", room, "室", "")


def zipf(rng: np.random.Generator, kinds: int, count: int, flat: int = 1) -> Ints:
    """Draw places of a list with heavy tails: the i-th with the weight 1/(i + flat), as whole numbers."""
    edges = np.cumsum((1 << 40) // (np.arange(kinds, dtype=np.int64) + flat))
    return np.searchsorted(edges, rng.integers(0, edges[-1], count), side="right")
