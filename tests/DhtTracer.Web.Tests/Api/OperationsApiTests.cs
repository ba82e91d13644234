using System.Net;
using DhtTracer.Analysis.Json;
using DhtTracer.Web.Tests.Fixture;

namespace DhtTracer.Web.Tests.Api;

/// <summary>Operations over HTTP: the contract's object, one for each thing that was asked.</summary>
public sealed class OperationsApiTests(KnownArchive archive)
{
    [Fact]
    public async Task The_list_holds_each_operation_once_and_each_is_the_contracts_object()
    {
        var seen = new List<string>();
        string? at = null;
        do
        {
            var answer = await archive.Site.JsonAsync($"/api/v1/operations?limit=100&background=1{(at is null ? "" : "&at=" + at)}");
            foreach (var row in answer.GetProperty("operations").EnumerateArray())
            {
                var operation = OperationJson.Read(System.Text.Encoding.UTF8.GetBytes(row.GetRawText()));
                var query = archive.All.Single(query => query.Id == operation.Id);
                Assert.Equal(
                    (query.Type, query.Outcome, query.DurationNs, query.StartUnixNano),
                    (operation.Type, operation.Outcome, operation.DurationNs, operation.StartUnixNano)
                );
                Assert.Equal(query.Id, operation.Decisive);
                seen.Add(operation.Id.ToString());
            }

            at = answer.GetProperty("next").GetString();
        } while (at is not null);

        Assert.Equal(archive.All.Select(query => query.Id.ToString()).Order(), seen.Order());
    }

    [Fact]
    public async Task One_operation_is_what_the_list_says_of_it_and_an_unknown_one_is_not_found()
    {
        var row = (await archive.Site.JsonAsync("/api/v1/operations?limit=1")).GetProperty("operations")[0];
        var one = await archive.Site.JsonAsync($"/api/v1/operations/{row.GetProperty("id").GetString()}");
        Assert.Equal(row.GetRawText(), one.GetRawText());
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await archive.Site.Client.GetAsync(new Uri("/api/v1/operations/nobody", UriKind.Relative))).StatusCode
        );
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await archive.Site.Client.GetAsync(new Uri("/api/v1/operations?at=nowhere", UriKind.Relative))).StatusCode
        );
    }

    [Fact]
    public async Task What_is_newer_is_counted_from_a_mark()
    {
        var mark = (await archive.Site.JsonAsync("/api/v1/operations/newer")).GetProperty("mark").GetInt64();
        Assert.Equal(
            0,
            (await archive.Site.JsonAsync($"/api/v1/operations/newer?background=1&after={mark}")).GetProperty("count").GetInt32()
        );
        Assert.Equal(
            archive.All.Count,
            (await archive.Site.JsonAsync("/api/v1/operations/newer?background=1&after=0")).GetProperty("count").GetInt32()
        );
    }
}
