"""Common names of Uzbekistan: the raw material of synthetic voters, most frequent roughly first."""

UZBEK_SURNAMES = """
Karimov Rahimov Yusupov Aliyev Abdullayev Toshmatov Ergashev Ismoilov Umarov Usmonov Xolmatov Yoʻldoshev
Mirzayev Saidov Hamidov Tursunov Sobirov Qodirov Nazarov Ibragimov Olimov Rustamov Joʻrayev Xasanov Husanov
Ahmedov Sultonov Murodov Toʻrayev Oʻrinboyev Xudoyberdiyev Qosimov Rajabov Nurmatov Eshmatov Mahmudov Valiyev
Salimov Sharipov Hakimov Tojiyev Bozorov Oripov Normatov Boboyev Qurbonov Shodiyev Azimov Latipov Xoʻjayev
Gʻaniyev Gʻafurov Gʻulomov Moʻminov Toʻxtayev Boʻriyev Qoʻchqorov Oʻktamov Ochilov Haydarov Jabborov Sattorov
Abdurahmonov Abdurasulov Akbarov Alimov Allayorov Aminov Asqarov Avazov Bobojonov Boltayev Boqiyev Botirov
Boymurodov Choriyev Choʻliyev Davronov Doʻstov Egamberdiyev Eshonqulov Fayziyev Fozilov Haitov Halilov Hoshimov
Ikromov Ilhomov Inoyatov Isʼhoqov Jalilov Jamolov Jumayev Jumaniyozov Kamolov Komilov Lutfullayev Madaminov
Mamadaliyev Mamatov Mansurov Maʼrufov Masʼudov Mavlonov Meliyev Mirzaahmedov Muhammadiyev Mustafoyev
Muxtorov Neʼmatov Nabiyev Narzullayev Nasriddinov Niyozov Norqulov Nosirov Nuriddinov Ortiqov Oʻsarov Parpiyev
Poʻlatov Primov Qahhorov Qambarov Qarshiyev Qayumov Rasulov Raxmatullayev Roʻziyev Ruziboyev Safarov Samadov
Saʼdullayev Shamsiyev Sheraliyev Shermatov Shoʻrazov Siddiqov Soliyev Suvonov Suyunov Temirov Togʻayev Toʻlqinov
Turdiyev Turgʻunov Ubaydullayev Ulugʻbekov Vohidov Xaydarov Xoliqov Xoʻshboqov Xushvaqtov Yaʼqubov Yodgorov Yoqubov
Zakirov Ziyodullayev Zokirov Zoirov Zuparov Kadirov Urinbayev Saidiy Halimiy Nizomiy
"""

UZBEK_MEN = """
Alisher Botir Sherzod Jasur Rustam Aziz Anvar Bobur Dilshod Sardor Ulugʻbek Oybek Jamshid Otabek Akmal Shuhrat
Bahodir Farhod Ilhom Nodir Rahim Karim Umid Temur Islom Javohir Doniyor Sanjar Azamat Murod Odil Ravshan
Toʻlqin Oʻktam Gʻayrat Gʻani Gʻolib Oʻtkir Oʻrinboy Yoʻldosh Toʻxtasin Boʻri Qoʻchqor Joʻra Moʻmin Isʼhoq
Maʼruf Masʼud Neʼmat Saʼdulla Asʼad Abdulla Abdurahmon Abdurasul Adham Ahmad Akbar Ali Asqar Asror Avaz Bahrom
Baxtiyor Behruz Bekzod Burhon Davron Davlat Diyor Elbek Elyor Erkin Eldor Fazliddin Faxriddin Firdavs Habib
Hamid Hasan Husan Haydar Hikmat Ibrohim Ikrom Iskandar Ismoil Jahongir Jalol Kamol Komil Lochin Mahmud Mansur
Mirzo Muhammad Muzaffar Nizom Norboy Nurali Olim Orif Poʻlat Qahramon Qosim Qudrat Rasul Ramz Ruslan Said Salim
Samandar Sarvar Shavkat Shahzod Shermat Shokir Sobir Suhrob Sunnat Tohir Tursun Ubaydulla Umar Usmon Valijon
Xayrulla Xurshid Xudoyberdi Yusuf Zafar Zohid Ziyod Shoʻhrat
"""

UZBEK_WOMEN = """
Dilnoza Nodira Gulnora Malika Zulfiya Shahnoza Nilufar Feruza Mohira Sevara Kamola Dilfuza Barno Nargiza Zarina
Munisa Oʻgʻiloy Gʻuncha Toʻtiyo Oʻlmas Maʼmura Raʼno Sanʼat Maʼrifat Saʼdiya Shoira Charos Chinnigul Shahlo
Shodiya Adolat Anora Asal Aziza Bahor Barchinoy Bibixonim Dildora Dilbar Dilorom Dilrabo Durdona Elmira Fotima
Zuhra Farida Farzona Gavhar Gulbahor Gulchehra Gulhayo Guli Gulistan Gulmira Guzal Habiba Hafiza Halima Hilola
Hulkar Iqbol Iroda Intizor Jamila Kumush Karima Komila Laylo Lola Lobar Mahliyo Mahbuba Maftuna Manzura Marhabo
Mastura Matluba Mavluda Mehri Mehriniso Mukarram Muhabbat Mushtariy Muqaddas Nafisa Nasiba Nazokat Nigora
Nozima Nozanin Odina Oydin Oygul Oysha Parizod Parvina Qumri Rayhon Robiya Roziya Ruxsora Saida Salima Saodat
Sarvinoz Shahzoda Shirin Sitora Surayyo Tabassum Tursunoy Umida Vasila Xadicha Xolida Xurshida Yulduz Yoqut
Zamira Zebo Zilola Ziyoda Zumrad Oʻgʻilbibi Boʻston Soʻna
"""

KARAKALPAK_SURNAMES = """
Allambergenov Allanazarov Ábdimuratov Aytbaev Aytmuratov Ayımbetov Arzımbetov Bayniyazov Bekmuratov Bekbergenov
Begjanov Berdimuratov Dáwletov Dáwletmuratov Dosnazarov Embergenov Ermekov Eshmuratov Esemuratov Jańabaev
Jaqsımuratov Jienbaev Jumabaev Jumamuratov Jumanazarov Kálenov Kamalov Qayıpnazarov Qálendarov Qudaybergenov
Qurbanbaev Mámbetov Mámbetmuratov Matnazarov Murtazaev Nazarbaev Nurımbetov Ótegenov Ótepbergenov Ótemuratov
Orazbaev Orınbaev Palwanov Pirnazarov Reymov Saparov Sársenbaev Seytnazarov Seytimbetov Shamuratov Shanazarov
Tájimuratov Tájibaev Tilewmuratov Tilewbergenov Tóreniyazov Turdımuratov Úsenov Utepov Xojambergenov Xojanazarov
"""

KARAKALPAK_MEN = """
Aybek Amanbay Allambergen Ádil Azat Atabek Bazarbay Baxtıyar Berdaq Bayram Dáwlet Dáwran Daniyar Ermek Esbergen
Ernazar Jańabay Jeńis Jumabay Islam Kámal Qálender Qayrat Qudaybergen Quwanıshbay Marat Muxtar Mámbet Nurlan Nurlıbek
Ótegen Ómirbek Ózbek Orazbay Orınbay Polat Puxarbay Rustem Sabır Saparbay Sársenbay Seytmurat Sultan Tájimurat
Tileubergen Tórebay Timur Úsen Ulıqbek Xojabay
"""

KARAKALPAK_WOMEN = """
Aygúl Aysulıw Aysánem Ayzada Altınay Ánargúl Biybigúl Biybisara Dámegúl Dinara Elmira Gúlayım Gúlbahar Gúljahan
Gúlnara Gúlshad Gúlziyba Injigúl Indira Jámiyla Jańılgúl Jumagúl Qızlargúl Qundız Lala Mariyam Miyassar Nargiza
Nesibeli Nurjamal Oraz Patiyma Perizat Rano Sánem Sarbinaz Sáwle Shiyrin Tamara Tazagúl Ulbosın Úmit Zamira Záwre
Zıyada Zúlfiya
"""

RUSSIAN_SURNAMES = """
Ivanov Petrov Sidorov Kuznetsov Smirnov Popov Vasilyev Sokolov Mixaylov Novikov Fedorov Morozov Volkov Alekseyev
Lebedev Semenov Yegorov Pavlov Kozlov Stepanov Nikolayev Orlov Andreyev Makarov Nikitin Zaxarov Zaytsev Solovyev
Borisov Yakovlev Grigoryev Romanov Vorobyev Sergeyev Kuzmin Frolov Aleksandrov Dmitriyev Korolev Gusev Kiselev
Ilyin Maksimov Polyakov Sorokin Vinogradov Kovalev Belov Medvedev Antonov Tarasov Jukov Baranov Filippov
Komarov Davidov Belyayev Gerasimov Bogdanov Osipov Kim Li Pak Tsoy Ten Lyashenko Kravchenko
Belinskiy Sokolovskiy Vishnevskiy
"""

RUSSIAN_MEN = """
Aleksandr Sergey Vladimir Andrey Dmitriy Aleksey Igor Yuriy Viktor Nikolay Mixail Oleg Yevgeniy Maksim Ivan
Konstantin Anatoliy Valeriy Vyacheslav Roman Pavel Denis Artyom Vitaliy Vadim Anton Ruslan Boris Stanislav Kirill
Leonid Gennadiy Grigoriy Vasiliy Petr German Eduard Timur Rinat Ildar
"""

RUSSIAN_WOMEN = """
Yelena Olga Natalya Irina Svetlana Tatyana Lyudmila Marina Galina Anna Yuliya Yekaterina Oksana Larisa Valentina
Lyubov Nina Nadejda Vera Mariya Viktoriya Anastasiya Alla Inna Kseniya Darya Alina Elvira Liliya Margarita
Raisa Tamara Zoya Eleonora Diana Polina Sofya Veronika Yana Regina
"""

STREETS = """
Navoiy|Bobur|Amir Temur|Mustaqillik|Doʻstlik|Istiqlol|Bogʻishamol|Gulzor|Nurafshon|Oltin vodiy|Paxtakor|Tinchlik
Yangi hayot|Navroʻz|Mevazor|Chinor|Sharq yulduzi|Ulugʻbek|Ibn Sino|Beruniy|Furqat|Muqimiy|Zulfiya|Hamid Olimjon
Gʻafur Gʻulom|Oybek|Oʻzbekiston|Samarqand|Buxoro|Xorazm|Toshkent|Shodlik|Farovon|Guliston|Anorzor|Olmazor|Oʻrikzor
Shaftolizor|Zarafshon|Sirdaryo|Amudaryo|Buloqboshi|Sohibkor|Bunyodkor|Vatanparvar|Yoshlik|Obod|Sadaf|Marvarid
Yogʻdu|Tong|Quyosh|Oydin|Kamolot|Maʼrifat|Ilm|Sanʼat|Hunarmand|Temirchi|Kulol|Soʻzangaron|Poyariq|Eski shahar
Toʻqimachi|Gʻalaba|Choʻpon|Chorvador|Charogʻon|Koʻkcha|Shoʻrtepa
"""

MAHALLAS = """
Bunyodkor|Navbahor|Doʻstlik|Gulobod|Yangiobod|Istiqlol|Mustaqillik|Oqtepa|Qoʻrgʻontepa|Chorbogʻ|Bogʻiston|Paxtaobod
Tinchlik|Guliston|Obod yurt|Shodiyona|Yangi hayot|Nurafshon|Oʻzbekiston|Mevazor|Mehnatobod|Sohibkor|Oltinkoʻl
Qizil tepa|Eski joʻva|Koʻhna bozor|Navroʻz|Sharq|Gulshan|Fayzobod|Zarkent|Toshloq|Ittifoq|Birlik|Farovon|Hamkor
Baynalmilal|Olmazor|Anjirzor|Uzumzor|Dehqonobod|Chinor|Oqsaroy|Koʻksaroy|Maʼrifat|Maʼnaviyat|Yoshlik|Kamolot
Vatan|Turkiston|Sarbon|Oʻrikzor|Sadriddin Ayniy|Alpomish|Barchin|Gʻoʻzali|Toʻqayzor|Jarariq|Soyboʻyi|Beshariq
"""


def words(text: str) -> tuple[str, ...]:
    """Split a list of single words."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """Split a list of names that may hold spaces, one bar or line end between two of them."""
    return tuple(name for line in text.strip().splitlines() for name in line.split("|"))
