//! The words of fleeting fragments, in the languages that news are read in. Lower case; a word may stand for another one
//! of another language, since all words of a fragment must be here and one must be a mark.

use super::Kind;

/// Words of scripts that put spaces between them, and what may follow a number without one.
#[rustfmt::skip]
pub const SPACED: [(Kind, &str); 40] = [
    (Kind::Unit, "s m h d w sec secs second seconds min mins minute minutes hr hrs hour hours day days week weeks month months year years"),
    (Kind::Unit, "sek sekunde sekunden minuten std stunde stunden tag tagen tage woche wochen monat monaten jahr jahren"),
    (Kind::Unit, "seconde secondes heure heures jour jours semaine semaines mois an ans segundo segundos minuto minutos hora horas"),
    (Kind::Unit, "día días dia dias semana semanas mes meses mês año años ano anos secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni"),
    (Kind::Unit, "seconden uur uren dag dagen weken maand maanden minut minuty minutę godzin godziny godzinę dzień dni tydzień tygodnie tygodni miesiąc miesiące miesięcy rok lata lat"),
    (Kind::Unit, "секунд секунды секунду минут минуты минуту мин час часа часов день дня дней неделю недели недель месяц месяца месяцев год года лет"),
    (Kind::Unit, "хвилин хвилини хвилину хв година години годин годину день дні днів тиждень тижні тижнів saniye dakika dk saat gün hafta ay yıl"),
    (Kind::Unit, "sekunder minuter timme timmar dagar vecka veckor minutter time timer dager uke uker dage uge uger sekuntia minuutti minuuttia tunti tuntia päivä päivää viikko viikkoa"),
    (Kind::Unit, "minutami minutou hodinami hodinou hodin dny dnem týdnem perc perccel óra órával nap nappal minute minut oră ore zi zile săptămâni λεπτά λεπτό ώρα ώρες ημέρα ημέρες μέρες"),
    (Kind::Unit, "ثانية ثوان دقيقة دقائق دقيقتين ساعة ساعات ساعتين يوم أيام يومين أسبوع أسابيع شهر دقیقه ساعت روز هفته דקה דקות שעה שעות שעתיים יום ימים"),
    (Kind::Unit, "मिनट मिनिट घंटे घंटा घण्टे दिन सप्ताह detik menit jam hari minggu bulan giây phút giờ ngày tuần tháng 초 분 시간 일 주 개월 년"),
    (Kind::Ago, "ago vor il hace há atrás fa geleden temu назад тому önce sedan siden sitten před ezelőtt ezelött acum πριν منذ قبل پیش לפני पहले lalu trước 전"),
    (Kind::Now, "now jetzt eben instant ahora agora adesso zojuist chwilą teraz сейчас только щойно зараз şimdi nyss juuri nyt právě teď most τώρα الآن اکنون עכשיו अभी sekarang 방금"),
    (Kind::Counted, "view views viewed read reads readers share shares shared comment comments like likes reaction reactions retweets reposts visits watching"),
    (Kind::Counted, "aufruf aufrufe aufrufen gelesen kommentar kommentare kommentaren geteilt teilen leser lesezeit vue vues lecture lectures lu partage partages partager commentaire commentaires réactions"),
    (Kind::Counted, "visita visitas vistas visualizaciones lecturas leído compartido compartidos compartir comentario comentarios lectura visualizações visualizacoes leituras leitura partilhas compartilhamentos compartilhar comentário comentários"),
    (Kind::Counted, "visualizzazioni visualizzazione letture letto lettura condivisioni condividi commenti commento weergaven gelezen reacties reactie gedeeld bekeken leestijd"),
    (Kind::Counted, "wyświetleń wyświetlenia wyświetlenie odsłon odsłony udostępnień udostępnij komentarzy komentarze komentarz czytania просмотров просмотра просмотры просмотр прочитано прочитали комментариев комментария комментарии комментарий поделились репостов"),
    (Kind::Counted, "переглядів перегляди перегляд прочитано коментарів коментарі görüntülenme görüntüleme okunma okundu paylaşım yorum yorumlar visningar visning delningar kommentarer visninger delinger deling lest læst"),
    (Kind::Counted, "katselukertaa lukukertaa jakoa kommenttia zobrazení přečteno sdílení komentářů komentáře megtekintés megosztás hozzászólás vizualizări afișări distribuiri comentarii προβολές αναγνώσεις κοινοποιήσεις σχόλια"),
    (Kind::Counted, "مشاهدة مشاهدات المشاهدات قراءة قراءات مشاركة مشاركات تعليق تعليقات بازدید بازدیدها נظر צפיות תגובות שיתופים व्यूज बार टिप्पणियां शेयर dilihat dibaca tayangan dibagikan komentar"),
    (Kind::Counted, "lượt xem 조회 조회수 댓글 공유 추천 좋아요"),
    (Kind::Updated, "updated update updates modified edited refreshed aktualisiert aktualisierung stand geändert mis mise actualisé actualizado actualizada actualización atualizado atualizada atualização aggiornato aggiornata aggiornamento"),
    (Kind::Updated, "bijgewerkt aktualizacja zaktualizowano обновлено обновлён обновлен обновлена оновлено güncelleme güncellendi güncellenme uppdaterad uppdaterades opdateret oppdatert päivitetty aktualizováno frissítve actualizat ενημερώθηκε ενημέρωση"),
    (Kind::Updated, "تحديث روزرسانی به‌روزرسانی עודכן अपडेट अपडेटेड diperbarui pembaruan nhật 업데이트 수정"),
    (Kind::Day, "today yesterday am pm gmt utc est edt et bst cet cest ist pst pdt pt ct eet msk jst kst monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur fri sat sun"),
    (Kind::Day, "heute gestern uhr montag dienstag mittwoch donnerstag freitag samstag sonntag hier aujourd hui lundi mardi mercredi jeudi vendredi samedi dimanche hoy ayer hs lunes martes miércoles jueves viernes sábado domingo"),
    (Kind::Day, "hoje ontem segunda terça quarta quinta sexta feira oggi ieri lunedì martedì mercoledì giovedì venerdì sabato domenica vandaag gisteren maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"),
    (Kind::Day, "dziś wczoraj godz сегодня вчера мск сьогодні вчора bugün dün idag igår kl klo dnes včera ma tegnap azi ieri σήμερα χθες اليوم أمس امروز דיום आज कल ist wib wita hari hôm nay 오늘 어제 오전 오후"),
    (Kind::Day, "월 일 년 시 분"),
    (Kind::Small, "just a an one the of on at in last this that article story page post has been have is was time times people so far total about less than over and first published posted publish k tsd local"),
    (Kind::Small, "der die das den am um im zuletzt letzte letztes dieser beitrag artikel wurde bisher mal veröffentlicht einer einem eine ein und seit von"),
    (Kind::Small, "le la les l à a été de d du cet cette dernière article publié fois une un y et environ temps el las los última último esta este nota noticia ha sido veces con por publicado publicada"),
    (Kind::Small, "às as o em foi vezes um uma e notícia esta alle del di volte uno il lo ultimo ultima pubblicato tempo articolo"),
    (Kind::Small, "om op het laatst laatste keer een en gepubliceerd dit is dnia o r ostatnia razy raz opublikowano i artykuł tys czas"),
    (Kind::Small, "в г раз раза последнее последний опубликовано и статью статья этот тыс о у разів останнє опубліковано і son tarih kez defa bir ve yayınlanma haber bu kişi"),
    (Kind::Small, "den det ett et én gånger gange ganger senast sist senest för for siden publicerad publisert udgivet og och klo kertaa julkaistu viimeksi v dne naposledy z utoljára ultima la în de στις τελευταία φορές από"),
    (Kind::Small, "آخر في من الساعة مرة مرات بواسطة نظر در آخرین بار و ב בשעה לאחרונה पर को गया का pada yang tanggal pukul kali terakhir pembaca cập lúc lần bài viết này được"),
    (Kind::Small, "최종 최근 회 건 개 명 이 기사 기사입력 입력 약"),
    (Kind::Small, "mn bn mio tkr"),
];

/// Words of scripts without spaces, the longer before those that they begin with.
#[rustfmt::skip]
pub const UNSPACED: [(&str, Kind); 97] = [
    ("\u{1f441}", Kind::Counted), ("\u{2764}", Kind::Counted), ("\u{1f44d}", Kind::Counted), ("\u{1f4ac}", Kind::Counted), ("\u{1f440}", Kind::Counted),
    ("更新时间", Kind::Updated), ("更新時間", Kind::Updated), ("更新日時", Kind::Updated), ("最終更新", Kind::Updated), ("最后更新", Kind::Updated), ("最後更新", Kind::Updated), ("更新于", Kind::Updated), ("更新於", Kind::Updated), ("更新", Kind::Updated),
    ("刚刚", Kind::Now), ("剛剛", Kind::Now), ("たった今", Kind::Now),
    ("秒钟", Kind::Unit), ("秒鐘", Kind::Unit), ("分钟", Kind::Unit), ("分鐘", Kind::Unit), ("小时", Kind::Unit), ("小時", Kind::Unit), ("時間", Kind::Unit), ("个月", Kind::Unit), ("個月", Kind::Unit), ("か月", Kind::Unit), ("ヶ月", Kind::Unit), ("週間", Kind::Unit), ("昨天", Kind::Day), ("今天", Kind::Day), ("昨日", Kind::Day), ("今日", Kind::Day), ("星期", Kind::Unit),
    ("午前", Kind::Day), ("午後", Kind::Day), ("上午", Kind::Day), ("下午", Kind::Day),
    ("以前", Kind::Ago), ("之前", Kind::Ago), ("前", Kind::Ago),
    ("秒", Kind::Unit), ("分", Kind::Unit), ("时", Kind::Unit), ("時", Kind::Unit), ("点", Kind::Unit), ("點", Kind::Unit), ("天", Kind::Unit), ("日", Kind::Unit), ("周", Kind::Unit), ("週", Kind::Unit), ("月", Kind::Unit), ("年", Kind::Unit),
    ("阅读量", Kind::Counted), ("阅读数", Kind::Counted), ("阅读", Kind::Counted), ("閱讀", Kind::Counted), ("浏览次数", Kind::Counted), ("浏览量", Kind::Counted), ("浏览", Kind::Counted), ("瀏覽", Kind::Counted), ("人气", Kind::Counted), ("人氣", Kind::Counted), ("评论", Kind::Counted), ("評論", Kind::Counted), ("点赞", Kind::Counted), ("點讚", Kind::Counted), ("分享", Kind::Counted), ("转发", Kind::Counted), ("轉發", Kind::Counted), ("点击", Kind::Counted), ("點擊", Kind::Counted),
    ("閲覧数", Kind::Counted), ("閲覧", Kind::Counted), ("再生回数", Kind::Counted), ("コメント", Kind::Counted), ("シェア", Kind::Counted), ("ビュー", Kind::Counted), ("いいね", Kind::Counted),
    ("次数", Kind::Small), ("次", Kind::Small), ("回", Kind::Small), ("件の", Kind::Small), ("件", Kind::Small), ("本文", Kind::Small), ("万", Kind::Small), ("約", Kind::Small), ("约", Kind::Small),
    ("ที่แล้ว", Kind::Ago), ("ที่ผ่านมา", Kind::Ago), ("วินาที", Kind::Unit), ("นาที", Kind::Unit), ("ชั่วโมง", Kind::Unit), ("วัน", Kind::Unit), ("ครั้ง", Kind::Small), ("เข้าชม", Kind::Counted), ("แชร์", Kind::Counted),
];
