import pytest

from app.sources.decode import Undecodable, UnsupportedMedia
from tests.sources.decode.calls import decoded

XML = "text/xml; charset=utf-8"
INSALES = """<?xml version="1.0" encoding="UTF-8"?>
<order>
  <id type="integer">17</id>
  <number>A-17</number>
  <cancelled-at type="datetime" nil="true"/>
  <comment></comment>
  <client><name>Иван &amp; Ко</name><email>ivan@example.ru</email></client>
  <order-lines type="array">
    <order-line><sku>1</sku></order-line>
  </order-lines>
</order>"""
SALESFORCE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Header/>
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D</OrganizationId>
   <SessionId xsi:nil="true"/>
   <Notification>
    <Id>04l</Id>
    <sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>003</sf:Id><sf:Email>ivan@example.ru</sf:Email>
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>"""


def test_elements_become_objects_and_leaves_their_texts() -> None:
    assert decoded(INSALES, XML) == {
        "order": {
            "id": "17",
            "number": "A-17",
            "cancelled-at": None,
            "comment": "",
            "client": {"name": "Иван & Ко", "email": "ivan@example.ru"},
            "order-lines": [{"sku": "1"}],
        }
    }


def test_of_a_soap_call_what_its_body_holds_remains() -> None:
    contact = {"@type": "sf:Contact", "Id": "003", "Email": "ivan@example.ru"}

    assert decoded(SALESFORCE, XML, lists=["Notification"]) == {
        "notifications": {
            "OrganizationId": "00D",
            "SessionId": None,
            "Notification": [{"Id": "04l", "sObject": contact}],
        }
    }


def test_one_element_is_no_list_unless_its_name_is_given() -> None:
    read = decoded("<r><a>1</a><b>1</b><b>2</b></r>", XML)

    assert read == {"r": {"a": "1", "b": ["1", "2"]}}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ('<a x="1" y="2">text</a>', {"a": {"@x": "1", "@y": "2", "#text": "text"}}),
        ("<p>so <b>many</b> words</p>", {"p": {"b": "many", "#text": "so  words"}}),
        ("<a/>", {"a": ""}),
        ('<a x="1"/>', {"a": {"@x": "1"}}),
        ("<a><![CDATA[<b>&]]></a>", {"a": "<b>&"}),
        ("<a> \n 5 </a><!-- end -->", {"a": "5"}),
        ('<a type="array"/>', {"a": []}),
        ('<a type="string">5</a>', {"a": "5"}),
    ],
)
def test_each_kind_of_element_has_its_meaning(body: str, value: object) -> None:
    assert decoded(body, XML) == value


@pytest.mark.parametrize("soap", ["", "<Body/>", "<Body>text</Body>"])
def test_a_soap_call_without_content_is_an_empty_object(soap: str) -> None:
    envelope = f'<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope">{soap}</Envelope>'

    assert decoded(envelope, "application/soap+xml") == {}


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-16", "utf-8"])
def test_the_charset_of_the_declaration_is_honoured(charset: str) -> None:
    body = f'<?xml version="1.0" encoding="{charset}"?><a>Иван</a>'.encode(charset)

    assert decoded(body, "text/xml") == {"a": "Иван"}


def test_a_declaration_of_utf_16_in_single_bytes_is_not_believed() -> None:
    assert decoded('<?xml version="1.0" encoding="utf-16"?><a>Иван</a>', "text/xml") == {
        "a": "Иван"
    }


def test_a_declared_charset_that_is_not_known_is_unsupported() -> None:
    with pytest.raises(UnsupportedMedia):
        decoded('<?xml version="1.0" encoding="rot13"?><a/>', "text/xml")


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><r/>',
        "<!DOCTYPE html><html/>",
    ],
)
def test_a_document_type_is_refused_and_entities_with_it(body: str) -> None:
    with pytest.raises(Undecodable, match="document type"):
        decoded(body, XML)


@pytest.mark.parametrize(
    "body", ["<a>", "<a></b>", "<a>&nbsp;</a>", "text", "<a/><b/>", "<a x=1/>"]
)
def test_broken_xml_is_refused_with_its_place(body: str) -> None:
    with pytest.raises(Undecodable, match=r"^not XML at line 1 column \d+"):
        decoded(body, XML)
