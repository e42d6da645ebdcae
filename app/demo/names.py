"""Names of invented people, each in Arabic and Latin letters."""

from __future__ import annotations

WOMEN = [
    ("فاطمة", "Fatima"), ("خديجة", "Khadija"), ("عائشة", "Aïcha"), ("زينب", "Zineb"), ("مريم", "Meryem"),
    ("سعاد", "Souad"), ("نعيمة", "Naïma"), ("حفيظة", "Hafida"), ("رشيدة", "Rachida"), ("لطيفة", "Latifa"),
    ("نزهة", "Nezha"), ("سميرة", "Samira"), ("حنان", "Hanane"), ("إيمان", "Imane"), ("سلمى", "Salma"),
    ("هند", "Hind"), ("نادية", "Nadia"), ("أمينة", "Amina"), ("مليكة", "Malika"), ("زهرة", "Zahra"),
    ("إيطو", "Itto"), ("تودا", "Touda"), ("تيتريت", "Titrit"), ("سيليا", "Silya"), ("نورة", "Noura"),
    ("كلثوم", "Keltoum"), ("يامنة", "Yamna"), ("فاضمة", "Fadma"), ("هاجر", "Hajar"), ("وئام", "Wiam"),
]
MEN = [
    ("محمد", "Mohamed"), ("أحمد", "Ahmed"), ("عبد الله", "Abdellah"), ("يوسف", "Youssef"), ("إبراهيم", "Brahim"),
    ("الحسن", "Lahcen"), ("الحسين", "Houssine"), ("مصطفى", "Mustapha"), ("رشيد", "Rachid"), ("سعيد", "Saïd"),
    ("خالد", "Khalid"), ("حميد", "Hamid"), ("عمر", "Omar"), ("علي", "Ali"), ("إدريس", "Driss"),
    ("عزيز", "Aziz"), ("كريم", "Karim"), ("ياسين", "Yassine"), ("أنس", "Anas"), ("إسماعيل", "Ismaïl"),
    ("موحى", "Moha"), ("عدي", "Addi"), ("أيور", "Ayour"), ("أنير", "Anir"), ("باسو", "Bassou"),
    ("حدو", "Haddou"), ("طارق", "Tarik"), ("زكرياء", "Zakaria"), ("بلال", "Bilal"), ("مهدي", "Mehdi"),
]
FAMILIES = [
    ("بناني", "Bennani"), ("العلوي", "Alaoui"), ("أيت علي", "Aït Ali"), ("أوبها", "Oubaha"), ("الإدريسي", "Idrissi"),
    ("أمزيان", "Amziane"), ("بوعزة", "Bouazza"), ("الفيلالي", "Filali"), ("أوحساين", "Ouhsaine"), ("المنصوري", "Mansouri"),
    ("الزياني", "Ziani"), ("أكنسوس", "Akensous"), ("التازي", "Tazi"), ("برادة", "Berrada"), ("السوسي", "Soussi"),
    ("الحموتي", "Hammouti"), ("أزلماط", "Azelmad"), ("بنعيسى", "Benaïssa"), ("الرحالي", "Rahali"), ("الكتاني", "Kettani"),
    ("أمغار", "Amghar"), ("الدرقاوي", "Derkaoui"), ("بوشتى", "Bouchta"), ("الصنهاجي", "Senhaji"), ("أعراب", "Aarab"),
    ("أيت موح", "Aït Mouh"), ("الهواري", "Houari"), ("بلحاج", "Belhaj"), ("الشرقاوي", "Cherkaoui"), ("أودغيري", "Oudghiri"),
    ("أوعلي", "Ouali"), ("الغماري", "Ghomari"), ("لمريني", "Lamrini"), ("إد بلقاسم", "Id Belkacem"), ("تامر", "Tamer"),
    ("أصكور", "Asekkour"), ("بوجمعة", "Boujemaa"), ("الناصري", "Naciri"), ("اليعقوبي", "Yacoubi"), ("ولد الطالب", "Ould Taleb"),
]
