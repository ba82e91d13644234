using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Sqlite.Tests.Filters;

public class FilterParserTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Conditions_quotes_negation_and_bare_keys_are_read()
    {
        var parsed = FilterParser.Parse("  type:get-providers -outcome:failed service:\"my \\\"node\\\"\" bafyabc Slower:2s ");

        Assert.Empty(parsed.Errors);
        Assert.Equal(
            [
                ("type", "get-providers", false),
                ("outcome", "failed", true),
                ("service", "my \"node\"", false),
                ("key", "bafyabc", false),
                ("slower", "2s", false),
            ],
            parsed.Terms.Select(static term => (term.Name, term.Value, term.IsNegated))
        );
    }

    [Theory]
    [InlineData("https://gateway.example/ipfs/bafyabc")]
    [InlineData("/ipns/k51abc")]
    [InlineData("ipfs://bafyabc")]
    public void An_address_is_a_key_although_it_has_a_colon(string text)
    {
        var term = Assert.Single(FilterParser.Parse(text).Terms);

        Assert.Equal(("key", text), (term.Name, term.Value));
    }

    [Theory]
    [InlineData("type:ping typ:ping", FilterErrorKind.UnknownName, 11, "did you mean type?")]
    [InlineData("nonsense:x", FilterErrorKind.UnknownName, 1, "it is one of type, outcome")]
    [InlineData("service:\"a b", FilterErrorKind.OpenQuote, 9, "add a \"")]
    [InlineData("type: ping", FilterErrorKind.NoValue, 5, "type:get-providers")]
    [InlineData("type:ping -since:24h", FilterErrorKind.NotNegatable, 11, "leave out the minus sign")]
    public void What_is_not_understood_is_an_error_at_its_column_with_a_remedy(string text, FilterErrorKind kind, int column, string remedy)
    {
        var error = Assert.Single(FilterParser.Parse(text).Errors);

        Assert.Equal((kind, column), (error.Kind, error.Column));
        Assert.Contains(remedy, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("outcome:ok", FilterErrorKind.WrongValue, 1, "is not one of success")]
    [InlineData("x slower:quick", FilterErrorKind.WrongValue, 3, "write 250ms")]
    [InlineData("-lint:DHT099", FilterErrorKind.WrongValue, 2, "DHT001 to DHT015")]
    [InlineData("type:ping type:get-value", FilterErrorKind.Twice, 11, "keep one of them")]
    [InlineData("from:2026-11-22 since:1h", FilterErrorKind.Twice, 17, "exclude each other")]
    [InlineData("peer:0OIl", FilterErrorKind.WrongValue, 1, "last 6 characters")]
    public void A_value_that_a_condition_cannot_have_is_an_error_at_its_column(string text, FilterErrorKind kind, int column, string remedy)
    {
        var error = Assert.Single(Translate(text).Errors);

        Assert.Equal((kind, column), (error.Kind, error.Column));
        Assert.Contains(remedy, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_asks_the_store_for_what_it_says()
    {
        var translation = Translate(
            "type:get-providers slower:2s agent:kubo/0.3 lint:dht003 lint:DHT005 since:24h -outcome:failed -agent:js"
        );

        Assert.Empty(translation.Errors);
        var filter = translation.Filter;
        Assert.Equal(
            new QueryFilter
            {
                Type = QueryType.GetProviders,
                MinDurationNs = 2_000_000_000,
                Agent = "kubo/0.3",
                LintMask = (1 << 3) | (1 << 5),
                FromUnixNano = (ulong)Now.AddDays(-1).ToUnixTimeSeconds() * 1_000_000_000,
            },
            filter with
            {
                Except = new QueryFilter().Except,
            }
        );
        Assert.Equal(
            [new QueryFilter { Outcome = QueryOutcome.Failed, Background = null }, new QueryFilter { Agent = "js", Background = null }],
            filter.Except
        );
    }

    [Fact]
    public void The_same_condition_twice_is_no_error() => Assert.Empty(Translate("type:ping type:ping").Errors);

    [Fact]
    public void The_end_of_a_peer_id_is_left_for_the_store_to_find()
    {
        var terms = FilterParser.Parse("peer:SoooBx").Terms;

        Assert.Equal("SoooBx", Assert.Single(FilterTranslation.Of(terms, Now).PeerEnds).Value);
        Assert.Equal("found", FilterTranslation.Of(terms, Now, new Dictionary<string, string> { ["SoooBx"] = "found" }).Filter.Peer);
    }

    [Fact]
    public void Any_text_is_read_without_failing_and_terms_are_read_back_as_themselves()
    {
        const string letters = "type:-\"\\ abk12\t:ü";
        var random = new Random(7);
        for (var i = 0; i < 3_000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(24)).Select(_ => letters[random.Next(letters.Length)])]);
            var parsed = FilterParser.Parse(text);
            _ = FilterTranslation.Of(parsed.Terms, Now);
            foreach (var term in parsed.Terms)
            {
                var again = Assert.Single(FilterParser.Parse(term.ToString()).Terms);
                Assert.Equal((term.Name, term.Value, term.IsNegated), (again.Name, again.Value, again.IsNegated));
            }
        }
    }

    [Fact]
    public void A_text_that_is_too_long_is_an_error() =>
        Assert.Equal(FilterErrorKind.TooLong, Assert.Single(FilterParser.Parse(new string('a', 501)).Errors).Kind);

    private static FilterTranslation Translate(string text) => FilterTranslation.Of(FilterParser.Parse(text).Terms, Now);
}
