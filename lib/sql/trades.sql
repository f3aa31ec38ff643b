-- trades: what lenders' money is said to be for and what companies deal in, by the words that tell it
-- grain:   one row per trade
-- inputs:  none
-- params:  none
--
-- A proposal, not law: words as they stand in purposes of loans and in names of companies. `general`: a purpose so wide that
-- a payment straight to a merchant is no sign of it.
select
    words.trade,
    words.general,
    words.purposes,
    words.names
from (
    values
    ('building', false, '装修|装潢|家装|建房|修缮', '装饰|装修|装潢|建材|家具|家居|门窗|卫浴|陶瓷|石材|木业|五金|家电|园林'),
    ('cars', false, '购车|汽车|车辆|买车', '汽车|车行|机动车|二手车'),
    ('household', false, '消费|购物|家电|家具|数码|电脑|手机', '家电|家具|食品|百货|超市|电器|电子|数码|服装|餐饮|通讯|旅游|旅行'),
    ('weddings', false, '婚', '婚庆|婚纱|礼仪|餐饮|酒店|珠宝|首饰|摄影'),
    ('schooling', false, '教育|培训|学费|助学|留学', '教育|培训|学校|学院|留学'),
    ('medicine', false, '医疗|医美|治病|就医|美容', '医院|医疗|诊所|药|美容|口腔'),
    ('travel', false, '旅游|旅行', '旅游|旅行|航空|酒店'),
    ('farming', false, '农资|养殖|种植|农业', '农资|农业|农产品|种业|饲料|化肥|养殖|农机'),
    ('machines', false, '设备|机器|机械', '机械|设备|机电|仪器|自动化|电子|模具|电气'),
    (
        'material', true, '原材料|原料|进货|采购|备货',
        '建材|五金|农产品|纺织|商贸|贸易|食品|化工|钢|木业|塑|印|材料|金属|粮|布|纸|电子|机械|配件|供应链|批发'
    ),
    (
        'business', true, '经营|周转|流动资金|生意|开店',
        '商贸|贸易|食品|农产品|物流|运输|印|建材|五金|纺织|机械|电子|材料|化工|批发|供应链|广告|服装|仓储|能源|包装|配件'
        || '|设备|家具|家电|汽车|餐饮|酒店|电器|通讯|装饰|装修|设计|科技|网络|租赁|百货|超市'
    ),
    ('securities', false, '证券|股票|期货|配资|炒股|信托|申购新股', '证券|期货|信托|配资|私募'),
    ('houses', false, '首付|购房|买房|房地产|置业|炒房', '房地产|置业|地产|售楼|楼盘')
) as words (trade, general, purposes, names)
order by words.trade
