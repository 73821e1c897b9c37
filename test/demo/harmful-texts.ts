import type { Category, Labels } from '../../apps/classification/training/datasets.js'
import type { LabelledText, Language } from './labelled-text.js'
import { expandTemplate } from './expand-template.js'

/**
 * Harmful texts of our own writing, in every category that words can show. Not real: no person, group, number or site in
 * them exists. Written without looking at the banks, so that the page says something. `{a|b}` stands for either.
 */
const TEMPLATES: Record<Category, Record<Language, readonly string[]>> = {
  fraud: {
    en: [
      'Congratulations! Your number was drawn in the {spring|summer} lottery. To receive your prize of {£2,000|$5,000} send the {$49|$75} handling fee today and reply CLAIM.',
      'Your {bank account|parcel account} has been suspended. Verify your card number and PIN within 24 hours at http://{secure-login.example/verify|account-check.example/id} or it will be closed.',
      'Double your {bitcoin|USDT} in 7 days, guaranteed, no risk. Our trading robot never loses. Message our adviser on WhatsApp +1 202 555 01{12|47} to start with just $100.',
      'Work from home and earn {$300|$450} a day liking videos. No experience needed, only a refundable {$20|$30} deposit. Add our manager on Telegram @{easyjob_desk|dailypay_hr}.',
      'I am the {solicitor|account officer} of a late oil merchant who left $4.5 million without an heir. Pay the transfer tax and we share the money {50/50|60/40}. Strictly confidential.',
      'Dear customer, your tax refund of {£312.80|$486.20} is waiting. Enter your bank details here to be paid: http://{refund-office.example|tax-return.example}',
      'Genuine {driving licences and passports|university diplomas} for sale, registered in the database, delivered in 5 days. Half in advance. Contact @{fastdocs|paperworks_pro}.',
      'Official {support|security} team here. We noticed a login from another country. Tell us the 6-digit code we just sent you so that we can {protect|restore} your wallet.',
      'Insider picks: this stock will rise {300|500}% on Monday. Join the VIP group, fee {$99|$150}, profits guaranteed or your money back. Link in bio, WhatsApp only.',
      'Need cash? Loan of up to {$50,000|$80,000} approved without any checks. Pay the insurance of {$120|$200} first and the money is in your account within the hour.',
    ],
    zh: [
      '恭喜您！您的手机号被抽中{二等奖|幸运奖}，奖金{98000|58000}元，请先缴纳{手续费|个人所得税}{1200|980}元，加微信 lj8{826|917} 领取。',
      '【银行通知】您的账户{因异常已被冻结|积分即将过期}，请立即登录 http://{bank-check.example|jifen-dh.example} 输入卡号和密码完成验证，否则将停用。',
      '{手机兼职|在家刷单}，日赚{300|500}-800元，不限时间，先垫付{100|200}元任务金，完成立返。有意加QQ {10034|10078}2211。',
      '内部消息，{某股下周必涨|新币即将上线}，跟着老师操作稳赚不赔，收益翻{三|五}倍，名额有限，加V：gp{888|999}tz 进群。',
      '专业办理{毕业证|驾驶证}、学位证、各类{发票|印章}，全国可查，货到付款，电话微信同号 1380000{1234|5678}。',
      '无抵押{贷款|网贷}，身份证即可下款{5|20}万，当天到账，先交{会员费|保证金}{398|598}元解冻额度，联系客服加微信。',
      '{葡京|金沙}线上娱乐城，真人荷官，注册就送{88|188}元，提款秒到账，网址 {vns|jsyl}88.example，稳赢计划群等你来。',
      '{我是公安局民警|这里是社保局}，你名下账户涉嫌洗钱，请把存款转到安全账户{配合调查|接受核查}，不要告诉任何人。',
      '高价收购{银行卡|电话卡}四件套，一套{1500|2000}元，当面结算，长期有效，飞机联系 @{ka88|kk66}sh。',
      '您的快递{丢失|破损}，可获三倍理赔，请添加理赔客服微信{ kf|lp }2024并提供银行卡号和{验证码|支付密码}办理退款。',
    ],
  },
  sexual: {
    en: [
      'Hot {girls|housewives} near you want sex tonight. No signup, free {nudes|videos}: http://{meet-tonight.example|cams4free.example}',
      'Uncensored {porn|xxx} videos, {10,000|25,000} clips, new uploads every day. Join the channel for {$5|$9} a month, DM @{nightclips|xxxvault}.',
      'Escort service, full service in or out call, {blonde and brunette|new girls every week}, 24 h, {WhatsApp|Telegram} for photos and rates.',
      'I am {22|24} and horny, watch me strip live on cam right now, private show {$3|$4} a minute, link in my profile.',
      'Leaked private nudes of {ex girlfriends|college girls}, full album {$10|$15}, pay by crypto, message me before it is gone.',
      'Erotic massage with happy ending, discreet {hotel|home} visits, text {Lily|Mia} for the price list, full sex possible.',
      'Selling my {nude photo sets|sex tapes}, all positions, fetish requests welcome, {first clip free|three for two}, DM me.',
      'Adults only: {hardcore|amateur} sex channel, real {couples|students} filmed, click to join before it is taken down.',
    ],
    zh: [
      '本地{约炮|同城交友}，{学生妹|少妇}上门服务，包夜{800|1200}，满意付款，加微信 yy{520|521}mm 看照片。',
      '高清无码{成人影片|黄片}，{上万部|每日更新}，{十元|二十元}永久会员，进群看片加QQ {33221|33229}00。',
      '美女{裸聊|一对一视频}，想看什么做什么，{前三分钟免费|新客半价}，点击 http://{mm-live.example|nvshen.example} 进房间。',
      '{高端外围|楼凤}，可{空降|上门}，{模特|空姐}任选，不满意包换，TG联系 @{wwq|lfq}2024。',
      '出售{偷拍|自拍}视频合集，{酒店|更衣室}真实拍摄，{50|80}元打包，网盘秒发，私信我。',
      '私密养生会所，{技师全裸|特殊服务}，{全套|莞式}一条龙，{老客优惠|新店八折}，微信预约。',
      '寂寞{少妇|妹子}等你来撩，{激情做爱|大尺度}直播，下载APP注册送{38|58}金币。',
      '{福利姬|网红}私拍无水印全套，露点{大尺度|无遮挡}，{15|25}元一套，要的滴滴。',
    ],
  },
  violence: {
    en: [
      'I know where you live and I will {kill|stab} you and your family {tonight|this weekend}. Count your days.',
      'Someone should {shoot|hang} every {teacher|clerk} in that office. I have the gun and I will start {tomorrow|on Monday}.',
      'Bring {knives|bats} to the station at {nine|ten} and beat them until they stop moving. No mercy, make them bleed.',
      'If that referee comes back I will {break his skull|cut his throat}. {Not a joke|I mean it}, I have been waiting with the knife.',
      'We are going to burn down {the shelter|their house} with all of them inside. Who brings the petrol? {Friday|Saturday} night.',
      'She deserves to be {beaten to death|set on fire}. Find her address and {make it happen|finish it}, I will pay whoever does it.',
      'Contract work: {broken legs|acid in the face} {$800|$1,200}, permanent solution negotiable. Anonymous payment only.',
      'I am going to walk into that {mall|school} and shoot as many as I can. {Remember my name|You will all see it on the news}.',
    ],
    zh: [
      '我知道你住哪，{今晚|这周末}就带刀去{砍死|捅死}你全家，你等着。',
      '谁把{那个法医|那个店主}的地址给我，我出{五万|十万}，直接{打断他的腿|要他的命}。',
      '明天{九点|十点}带上{砍刀|铁棍}到车站集合，见一个砍一个，往死里打，不用留情。',
      '我要在{商场|学校}里杀人，{能杀几个是几个|谁拦我就砍谁}，你们明天看新闻吧。',
      '代办{报复|教训人}业务，断手{两万|三万}，毁容另算，绝对保密，事成付款。',
      '再让我看见他，我就{割了他的喉咙|一刀捅死他}，说到做到，刀都磨好了。',
      '{把他们家烧了|放火烧死他们}，一个都别让跑出来，{今晚|明晚}谁去买汽油？',
      '这种人就该{活活打死|乱刀砍死}，大家{一起动手|人肉出来弄死他}，出了事我负责。',
    ],
  },
  terrorism: {
    en: [
      'Join the {Black Dawn Brigade|Army of the Last Hour}. We need fighters ready to die as martyrs in the heart of the city. Contact the brothers for {training|weapons}.',
      'Glory to the {martyr|lion} who drove the truck into the unbelievers. May every {soldier|mujahid} follow his path of jihad.',
      'How to build a {pipe bomb|nail bomb} from things in your kitchen: full manual in the channel. Place it where the {crowd|market} is thickest.',
      'Donate {bitcoin|monero} to the {Black Dawn|Last Hour} front: every coin buys bullets and explosives for our attacks on the capital.',
      'The attack on the {airport|station} was a blessing. Our soldiers will strike again, {slaughter|behead} the crusaders wherever you find them.',
      'Brothers, pledge allegiance to the {caliph|emir}. The next operation is {Friday|Sunday}: suicide belts are ready, we need volunteers.',
      'Watch the new execution video of our {fighters|mujahideen}. Share it, this is what awaits all {apostates|infidels}.',
      'To the lone wolves: take a {knife|vehicle} and attack them in the street. {Do it in the name of the Brigade|The Army will honour you}.',
    ],
    zh: [
      '加入{黑曜圣战团|末日旅}，我们需要愿意殉道的战士，{训练营|武器}已经备好，联系弟兄报名。',
      '教你用{厨房材料|化肥}自制{炸弹|土炸药}，全套教程在频道里，放到人最多的{广场|车站}效果最好。',
      '向开车冲进人群的{圣战勇士|殉道者}致敬，愿更多兄弟走上他的{圣战|殉教}之路。',
      '为{黑曜圣战团|末日旅}捐款，每一笔{比特币|虚拟币}都会变成子弹和炸药，袭击异教徒的首都。',
      '{机场|地铁}袭击是胜利，我们的战士还会再来，见到异教徒就{斩首|杀掉}。',
      '{下周五|下周日}行动，自杀式{背心|腰带}已准备好，还缺两名志愿者，效忠{首领|哈里发}的来。',
      '处决{叛徒|异教徒}的新视频已上线，转发出去，让他们知道{圣战|末日旅}的下场。',
      '独狼兄弟们，拿起{刀|汽车}就在街上动手，{组织会记住你|你将成为烈士}。',
    ],
  },
  hate: {
    en: [
      '{Immigrants|Refugees} are {vermin|a disease} and should be wiped out of our country before they breed any more.',
      'All {Muslims|Jews} are {filthy animals|parasites}. Do not rent to them, do not hire them, drive them out.',
      '{Women|Girls} are {stupid and inferior|too dumb to think} by nature, they should be locked in the kitchen and never be allowed to vote.',
      '{Black|Asian} people are {subhuman|an inferior race}. They do not belong among us, send them all back.',
      '{Gays|Trans people} are {sick perverts|an abomination} and deserve to be erased from this earth.',
      'The {disabled|mentally ill} are {a burden|garbage} that society should get rid of, let them die.',
      '{Gypsies|Roma} are born {thieves|criminals}, every one of them. Our town must be cleansed of that filth.',
      'White {pride|power}! The other races are {rats|cockroaches} and we will take our land back from them.',
    ],
    zh: [
      '{黑人|外来移民}就是{低等人种|病毒}，滚出我们的国家，别来污染这里。',
      '{某省人|那个地方的人}天生都是{骗子|小偷}，见到就该赶出去，别租房给他们。',
      '女人就是{低贱的东西|没脑子}，{只配生孩子|就不该读书}，让她们上班是社会的祸害。',
      '{同性恋|变性人}都是{变态|怪物}，应该全部{消灭|关起来}，恶心死了。',
      '{穆斯林|犹太人}都是{畜生|寄生虫}，一个都不能留在这里。',
      '{残疾人|精神病人}就是{社会的垃圾|累赘}，活着浪费粮食，不如早点死。',
      '{乡下人|外地人}素质低得像{猪|蝗虫}，城里不欢迎你们，滚回去。',
      '{黑皮肤的|那帮野蛮人}一来，治安就完了，他们和{猴子|畜生}没什么区别。',
    ],
  },
  misinformation: {
    en: [
      'Doctors hide it: {drinking bleach|drinking chlorine dioxide} cures {covid|cancer} in three days. Share before they delete this!',
      'It is proven now that 5G {towers spread|masts are spreading} the coronavirus. Switch off your {phones|routers} tonight.',
      'BREAKING: scientists admit the covid vaccine contains {microchips|a tracking chip} to track everyone who took it. {Pass it on|Wake up}!',
      'Share: {hot water with lemon|garlic soup} kills the coronavirus at once, hospitals in {Italy|Iran} already use only this.',
      'Leaked: the {army|government} will {shut off the water|close all shops} tomorrow for two weeks. Fill your {bathtub|cupboards} now, the news will not tell you.',
      'The {earthquake|flood} last night was caused by a secret {weather weapon|laser test}, thousands of dead are being kept from you.',
      'A nurse says {masks|thermometers} cause {brain damage|cancer} and that {90|80}% of patients die of them, not of the virus.',
      'Confirmed: the virus {was patented in 2003|never existed}, {all tests|all deaths} are faked so that they can sell the vaccine.',
    ],
    zh: [
      '紧急扩散！专家已证实{喝漂白水|喝消毒液}可以治{新冠|癌症}，三天见效，医院不敢说！',
      '{5G基站|5G信号}会传播新冠病毒，已有{三|五}个国家拆除，今晚关掉手机！',
      '新冠疫苗里有{芯片|追踪器}，打了以后{手机|蓝牙}能搜到人，快转给家人。',
      '内部通知：{明天|后天}起全市{停水|封城}半个月，赶紧囤{水|粮}，电视上不会说的。',
      '{大蒜水|热姜水}能杀死新冠病毒，{意大利|伊朗}医院都在用，转发救人一命。',
      '昨晚{地震|爆炸}死了{三千|五千}多人，消息全被封锁，看到赶快转发，马上会删。',
      '{微波炉|隔夜水}加热的食物百分之百致癌，{美国|日本}早已禁止，只有我们还在用。',
      '刚刚得到消息，{超市盐|自来水}已被污染，医院里全是中毒的人，千万别{吃|喝}，速转。',
    ],
  },
}

/** Texts of one template are near-copies: more of them would tell nothing. */
const MAX_VARIANTS = 4

/** Where categories overlap, what was not asked is left open. */
const OPEN: Record<Category, readonly Category[]> = {
  fraud: [],
  sexual: ['fraud'],
  violence: [],
  terrorism: ['violence', 'hate'],
  hate: ['violence'],
  misinformation: [],
}

/** All of them, in a fixed order. */
export function ownHarmfulTexts(): LabelledText[] {
  return Object.entries(TEMPLATES).flatMap(([category, byLanguage]) =>
    Object.entries(byLanguage).flatMap(([language, templates]) =>
      templates
        .flatMap((template) => expandTemplate(template, MAX_VARIANTS))
        .map((text) => ({
          text,
          language: language as Language,
          source: 'written for the demo',
          labels: labelsOf(category as Category),
        })),
    ),
  )
}

function labelsOf(category: Category): Labels {
  const known = (Object.keys(TEMPLATES) as Category[]).filter((one) => !OPEN[category].includes(one))
  return Object.fromEntries(known.map((one) => [one, one === category ? 1 : 0]))
}
